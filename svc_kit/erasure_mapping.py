"""Erasures as the contract says them."""

from __future__ import annotations

from assistant.common.v1 import erasure_pb2

from svc_kit.erasure import Erasure
from svc_kit.ids import parse_id


def erasure_of(erasure: erasure_pb2.Erasure) -> Erasure:
    """What was deleted. Raises InvalidInput naming the field of an id that is none."""
    return Erasure(
        erasure_id=parse_id("erasure.erasure_id", erasure.erasure_id),
        conversation_ids=[parse_id("erasure.conversation_ids", each) for each in erasure.conversation_ids],
        message_ids=[parse_id("erasure.message_ids", each) for each in erasure.message_ids],
        touched_conversation_ids=[
            parse_id("erasure.touched_conversation_ids", each) for each in erasure.touched_conversation_ids
        ],
    )
