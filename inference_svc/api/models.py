"""ModelsService: which models there are, and how the loaded one is."""

from __future__ import annotations

from typing import Any

import grpc
from assistant.inference.v1 import models_pb2 as pb
from assistant.inference.v1 import models_pb2_grpc, sampling_pb2

from inference_svc.catalogue.model_listing import ModelListing
from inference_svc.drafting.domain.adapter import Adapter
from inference_svc.drafting.domain.model import KnownModel, ModelStatus
from svc_kit.identity import current_account
from svc_kit.model_state import ModelState

Context = grpc.aio.ServicerContext[Any, Any]

_STATES = {
    ModelState.UNKNOWN: sampling_pb2.MODEL_STATE_UNSPECIFIED,
    ModelState.NOT_INSTALLED: sampling_pb2.MODEL_STATE_NOT_INSTALLED,
    ModelState.INSTALLED: sampling_pb2.MODEL_STATE_INSTALLED,
    ModelState.LOADING: sampling_pb2.MODEL_STATE_LOADING,
    ModelState.READY: sampling_pb2.MODEL_STATE_READY,
    ModelState.FAILED: sampling_pb2.MODEL_STATE_FAILED,
}


class ModelsServicer(models_pb2_grpc.ModelsServiceServicer):
    """Answers whether or not the worker does."""

    def __init__(self, listing: ModelListing) -> None:
        self._listing = listing

    async def ListModels(self, request: pb.ListModelsRequest, context: Context) -> pb.ListModelsResponse:
        """The manifest's models."""
        return pb.ListModelsResponse(models=[_model(known, state) for known, state in await self._listing.models()])

    async def GetModelStatus(self, request: pb.GetModelStatusRequest, context: Context) -> pb.GetModelStatusResponse:
        """The loaded model."""
        status = await self._listing.status()
        return _status(status, await self._listing.adapter(current_account(), status))


def _model(known: KnownModel, state: ModelState) -> pb.Model:
    return pb.Model(
        model_id=known.model_id,
        display_name=known.display_name,
        license=known.license,
        prompt_style=known.prompt_style,
        context_size=known.context_size,
        state=_STATES[state],
        source=known.source,
    )


def _status(status: ModelStatus, adapter: Adapter | None) -> pb.GetModelStatusResponse:
    return pb.GetModelStatusResponse(
        model_id=status.model_id,
        display_name=status.display_name,
        state=_STATES[status.state],
        message=status.message,
        load_progress=status.load_progress,
        adapter=adapter.name if adapter else "",
        running=status.running,
        queued=status.queued,
        queue_eta_seconds=status.queue_eta_seconds,
        context_size=status.context_size,
    )
