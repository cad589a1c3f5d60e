"""The model as the worker describes it, and what it is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from inference_svc.drafting.domain.adapter import Adapter
from inference_svc.drafting.domain.draft_request import Sampling
from prompting.chat_template import ChatTemplate
from prompting.prompt import Prompt
from svc_kit.errors import FailedPrecondition, InvalidInput, Unavailable
from svc_kit.model_state import ModelState


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What is loaded and how busy it is."""

    state: ModelState
    message: str = ""
    model_id: str = ""
    display_name: str = ""
    sha256: str = ""
    load_progress: float = 0.0
    context_size: int = 0
    running: int = 0
    queued: int = 0
    queue_eta_seconds: float = 0.0
    # How many can run and wait.
    sequences: int = 0
    queue_limit: int = 0
    chat: ChatTemplate | None = None

    @property
    def version(self) -> str:
        """The model by name and file, so that a draft can be told from one of another file of that name."""
        return f"{self.model_id}@{self.sha256[:12]}" if self.sha256 else self.model_id

    def check_ready(self) -> None:
        """Raise Unavailable unless the model can draft now."""
        if self.state is ModelState.READY:
            return
        if self.state is ModelState.LOADING:
            percent = int(self.load_progress * 100)
            raise Unavailable(f"the model is being loaded ({percent} %); try again in a moment", reason="MODEL_LOADING")
        raise Unavailable(f"no model is loaded: {self.message or self.state.value}", reason="MODEL_NOT_LOADED")


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model of the manifest."""

    model_id: str
    display_name: str
    license: str
    prompt_style: str
    context_size: int
    source: str
    installed: bool


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """A prompt for the model to continue. The cache of what it has read is shared within a conversation.

    `sha256` is the model that it was made for; empty is any.
    """

    account_id: UUID
    conversation_id: UUID
    prompt: Prompt
    sampling: Sampling
    suggestions: int
    timeout: float
    sha256: str = ""
    # None is the model as it is.
    adapter: Adapter | None = None


def check_model_id(asked: str, known: tuple[str, ...], status: ModelStatus) -> None:
    """Raise InvalidInput with the known ids for a model nobody knows, FailedPrecondition for one that is not the loaded one."""
    if not asked or asked == status.model_id:
        return
    if asked not in known:
        raise InvalidInput("model_id", f"is not known; known are {', '.join(known)}")
    raise FailedPrecondition("MODEL_NOT_LOADED", f"the loaded model is {status.model_id}, and it is the only one")
