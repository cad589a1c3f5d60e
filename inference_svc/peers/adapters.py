"""domain.ActiveAdapters by training_svc."""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

import grpc
import structlog
from assistant.training.v1 import training_pb2, training_pb2_grpc

from inference_svc.drafting.domain.adapter import Adapter
from svc_kit.clients import InternalCaller
from svc_kit.errors import DeadlineExceeded, Overloaded, Unavailable
from svc_kit.logs import where
from svc_kit.peer_errors import peer_errors

_REMEMBERED = 1000


class TrainedAdapters:
    """Asks for each draft, since an adapter that was taken back must not be heard again.

    Drafts do not wait for a part that they could do without: while it is away, the adapter it named last stays.
    """

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller) -> None:
        self._stub: training_pb2_grpc.TrainingServiceAsyncStub = training_pb2_grpc.TrainingServiceStub(channel)
        self._caller = caller
        self._last: OrderedDict[tuple[UUID, str], Adapter | None] = OrderedDict()
        self._away = False
        self._log = structlog.get_logger()

    async def active(self, account_id: UUID, model_id: str, seconds: float) -> Adapter | None:
        """The adapter that drafts for the account with this model; None is the model as it is."""
        try:
            adapter = await self._asked(account_id, model_id, seconds)
        except (Unavailable, DeadlineExceeded, Overloaded) as error:
            self._note_away(error)
            return self._last.get((account_id, model_id))
        self._away = False
        self._remember((account_id, model_id), adapter)
        return adapter

    async def _asked(self, account_id: UUID, model_id: str, seconds: float) -> Adapter | None:
        request = training_pb2.GetActiveAdapterRequest(base_model=model_id)
        metadata = self._caller.metadata(account_id)
        try:
            with peer_errors("training_svc"):
                answer = await self._stub.GetActiveAdapter(request, timeout=seconds, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            # It is of a version that has no adapters.
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return None
            raise
        return _adapter(answer) if answer.HasField("adapter") else None

    def _remember(self, key: tuple[UUID, str], adapter: Adapter | None) -> None:
        self._last[key] = adapter
        self._last.move_to_end(key)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def _note_away(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            self._log.warning("drafts keep the adapters that were known last", **where(error))


def _adapter(answer: training_pb2.GetActiveAdapterResponse) -> Adapter:
    return Adapter(
        adapter_id=answer.adapter.adapter_id,
        name=answer.adapter.name,
        path=answer.path,
        sha256=answer.adapter.sha256,
        scale=answer.scale if answer.HasField("scale") else 1.0,
    )
