"""domain.Voices by training_svc."""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

import grpc
import structlog
from assistant.training.v1 import training_pb2, training_pb2_grpc

from inference_svc.drafting.domain.adapter import Voice
from svc_kit.clients import InternalCaller
from svc_kit.errors import DeadlineExceeded, Overloaded, Unavailable
from svc_kit.logs import where
from svc_kit.peer_errors import peer_errors

_REMEMBERED = 1000


class TrainedVoices:
    """Asks for each draft, since a voice that was taken back must not be heard again.

    Drafts do not wait for a part that they could do without: while it is away, the voice it named last stays.
    """

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller) -> None:
        self._stub: training_pb2_grpc.TrainingServiceAsyncStub = training_pb2_grpc.TrainingServiceStub(channel)
        self._caller = caller
        self._last: OrderedDict[tuple[UUID, str], Voice | None] = OrderedDict()
        self._away = False
        self._log = structlog.get_logger()

    async def active(self, account_id: UUID, model_id: str, seconds: float) -> Voice | None:
        """The voice that drafts for the account with this model; None is the model as it is."""
        try:
            voice = await self._asked(account_id, model_id, seconds)
        except (Unavailable, DeadlineExceeded, Overloaded) as error:
            self._note_away(error)
            return self._last.get((account_id, model_id))
        self._away = False
        self._remember((account_id, model_id), voice)
        return voice

    async def _asked(self, account_id: UUID, model_id: str, seconds: float) -> Voice | None:
        request = training_pb2.GetActiveAdapterRequest(base_model=model_id)
        metadata = self._caller.metadata(account_id)
        try:
            with peer_errors("the part that learns"):
                answer = await self._stub.GetActiveAdapter(request, timeout=seconds, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            # It is of a version that has no voices.
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return None
            raise
        return _voice(answer) if answer.HasField("adapter") else None

    def _remember(self, key: tuple[UUID, str], voice: Voice | None) -> None:
        self._last[key] = voice
        self._last.move_to_end(key)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def _note_away(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            self._log.warning("drafts keep the voices that were known last", **where(error))


def _voice(answer: training_pb2.GetActiveAdapterResponse) -> Voice:
    return Voice(
        adapter_id=answer.adapter.adapter_id,
        name=answer.adapter.name,
        path=answer.path,
        sha256=answer.adapter.sha256,
        scale=answer.scale if answer.HasField("scale") else 1.0,
    )
