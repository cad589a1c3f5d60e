"""Telling inference_svc what arrived."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import grpc
from assistant.inference.v1 import responses_pb2, responses_pb2_grpc

from svc_kit.clients import CALL_TIMEOUT_S, InternalCaller
from svc_kit.peer_errors import peer_errors
from sync_svc.domain.arrivals import Arrival

MOST_AT_ONCE = 100
_MOST_TEXT = 100_000


class InferenceService:
    """inference_svc behind a channel."""

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller) -> None:
        self._stub: responses_pb2_grpc.ResponsesServiceAsyncStub = responses_pb2_grpc.ResponsesServiceStub(channel)
        self._caller = caller

    async def note(self, account_id: UUID, arrivals: Sequence[Arrival]) -> None:
        """Tell what arrived, for the first time or again; at most MOST_AT_ONCE.

        Raises Unavailable, DeadlineExceeded or Overloaded when it is to be told again later.
        """
        request = responses_pb2.NoteArrivalsRequest(arrivals=map(_view, arrivals))
        with peer_errors("inference_svc"):
            await self._stub.NoteArrivals(request, timeout=CALL_TIMEOUT_S, metadata=self._caller.metadata(account_id))


def _view(arrival: Arrival) -> responses_pb2.Arrival:
    return responses_pb2.Arrival(
        conversation_id=str(arrival.conversation_id),
        message_id=str(arrival.message_id),
        is_own=arrival.is_own,
        # With its subject line it may be a little longer than a text may be.
        own_text=arrival.own_text[:_MOST_TEXT],
        auto_draft=arrival.auto_draft,
    )
