"""The models of this installation, with or without a worker that answers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from inference_svc.drafting.domain.adapter import Adapter
from inference_svc.drafting.domain.model import KnownModel, ModelStatus
from inference_svc.drafting.domain.ports import ActiveAdapters, Catalogue, Model
from svc_kit.errors import DeadlineExceeded, Unavailable
from svc_kit.model_state import ModelState

_ANSWER_S = 2.0


class ModelListing:
    """Puts together what the manifest and the worker know."""

    def __init__(self, catalogue: Catalogue, model: Model, adapters: ActiveAdapters) -> None:
        self._catalogue = catalogue
        self._model = model
        self._adapters = adapters

    async def status(self) -> ModelStatus:
        """How the loaded model is; UNKNOWN with a message when the worker does not answer."""
        try:
            return await self._model.status(_ANSWER_S)
        except (Unavailable, DeadlineExceeded) as error:
            return ModelStatus(ModelState.UNKNOWN, error.message)

    async def adapter(self, account_id: UUID, loaded: ModelStatus) -> Adapter | None:
        """The adapter that drafts for the account with the loaded model."""
        return await self._adapters.active(account_id, loaded.model_id, _ANSWER_S) if loaded.model_id else None

    async def models(self) -> Sequence[tuple[KnownModel, ModelState]]:
        """Each model of the manifest, and whether it can work."""
        loaded = await self.status()
        return [(known, _state(known, loaded)) for known in await self._catalogue.models()]


def _state(known: KnownModel, loaded: ModelStatus) -> ModelState:
    if known.model_id == loaded.model_id:
        return loaded.state
    return ModelState.INSTALLED if known.installed else ModelState.NOT_INSTALLED
