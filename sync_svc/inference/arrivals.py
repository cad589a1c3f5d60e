"""Telling inference_svc what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import grpc
from assistant.inference.v1 import responses_pb2, responses_pb2_grpc

from svc_kit.clients import CALL_TIMEOUT_S, InternalCaller
from svc_kit.errors import Unavailable
from sync_svc.domain.arrivals import Arrival

MOST_AT_ONCE = 100
_LATER = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED})


class InferenceService:
    """inference_svc behind a channel."""

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller) -> None:
        self._stub: responses_pb2_grpc.ResponsesServiceAsyncStub = responses_pb2_grpc.ResponsesServiceStub(channel)
        self._caller = caller

    async def note(self, account_id: UUID, arrivals: Sequence[Arrival]) -> None:
        """Tell what arrived, for the first time or once more. Raises Unavailable when it is to be told again later."""
        request = responses_pb2.NoteArrivalsRequest(arrivals=map(_view, arrivals))
        try:
            await self._stub.NoteArrivals(request, timeout=CALL_TIMEOUT_S, metadata=self._caller.metadata(account_id))
        except grpc.aio.AioRpcError as error:
            if error.code() in _LATER:
                raise Unavailable("the part that drafts does not answer") from error
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # gRPC raises this too when the other side broke the call off, as a server does that is being stopped.
            raise Unavailable("the part that drafts stopped") from None


def _view(arrival: Arrival) -> responses_pb2.Arrival:
    return responses_pb2.Arrival(
        conversation_id=str(arrival.conversation_id),
        message_id=str(arrival.message_id),
        is_own=arrival.is_own,
        # With its subject line it may be a little longer than a text may be.
        own_text=arrival.own_text[:100_000],
        auto_draft=arrival.auto_draft,
    )
