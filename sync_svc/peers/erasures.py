"""Having inference_svc and training_svc erase what was deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import grpc
from assistant.common.v1 import erasure_pb2
from assistant.inference.v1 import responses_pb2, responses_pb2_grpc
from assistant.training.v1 import samples_pb2, samples_pb2_grpc

from svc_kit.clients import InternalCaller
from svc_kit.peer_errors import peer_errors
from sync_svc.domain.erasures import Erasure

# An erasure may touch many rows, and workers.
TIMEOUT_S = 10.0

# Makes an erasure of an account, known by its id; the same again changes nothing. Raises Unavailable, DeadlineExceeded or
# Overloaded when it has to be asked again.
Erase = Callable[[UUID, UUID, Erasure], Awaitable[None]]


def erase_in_inference(channel: grpc.aio.Channel, caller: InternalCaller) -> Erase:
    """Call inference_svc behind `channel`."""
    stub: responses_pb2_grpc.ResponsesServiceAsyncStub = responses_pb2_grpc.ResponsesServiceStub(channel)

    async def erase(account_id: UUID, erasure_id: UUID, erasure: Erasure) -> None:
        request = responses_pb2.EraseMessagesRequest(erasure=_view(erasure_id, erasure))
        with peer_errors("inference_svc"):
            await stub.EraseMessages(request, timeout=TIMEOUT_S, metadata=caller.metadata(account_id))

    return erase


def erase_in_training(channel: grpc.aio.Channel, caller: InternalCaller) -> Erase:
    """Call training_svc behind `channel`."""
    stub: samples_pb2_grpc.SamplesServiceAsyncStub = samples_pb2_grpc.SamplesServiceStub(channel)

    async def erase(account_id: UUID, erasure_id: UUID, erasure: Erasure) -> None:
        request = samples_pb2.EraseMessagesRequest(erasure=_view(erasure_id, erasure))
        with peer_errors("training_svc"):
            await stub.EraseMessages(request, timeout=TIMEOUT_S, metadata=caller.metadata(account_id))

    return erase


def _view(erasure_id: UUID, erasure: Erasure) -> erasure_pb2.Erasure:
    return erasure_pb2.Erasure(
        erasure_id=str(erasure_id),
        conversation_ids=map(str, erasure.conversation_ids),
        message_ids=map(str, erasure.message_ids),
        touched_conversation_ids=map(str, erasure.touched_conversation_ids),
    )
