"""Arrivals as the domain sees them."""

from __future__ import annotations

from assistant.inference.v1 import responses_pb2

from inference_svc.arrivals.arrival import Arrival
from svc_kit.errors import InvalidInput
from svc_kit.ids import parse_id


def arrivals_of(request: responses_pb2.NoteArrivalsRequest) -> list[Arrival]:
    """What arrived. Raises InvalidInput for a text that no message can have."""
    return [_arrival(f"arrivals[{index}]", arrival) for index, arrival in enumerate(request.arrivals)]


def _arrival(place: str, arrival: responses_pb2.Arrival) -> Arrival:
    if "\0" in arrival.own_text:
        raise InvalidInput(f"{place}.own_text", "must not contain NUL characters")
    return Arrival(
        conversation_id=parse_id(f"{place}.conversation_id", arrival.conversation_id),
        message_id=parse_id(f"{place}.message_id", arrival.message_id),
        is_own=arrival.is_own,
        own_text=arrival.own_text,
        auto_draft=arrival.auto_draft,
    )
