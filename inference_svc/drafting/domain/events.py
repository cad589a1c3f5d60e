"""What happens to a draft, as its reader is told, and what the model says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from inference_svc.drafting.domain.draft import Finish


class Phase(Enum):
    """Where a draft stands."""

    QUEUED = "queued"
    READING = "reading"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """It moved; `position` is how many are before it in the queue, `eta_seconds` 0 when not known."""

    phase: Phase
    position: int = 0
    eta_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole characters of one suggestion."""

    suggestion: int
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The model is done with one suggestion."""

    suggestion: int
    finish: Finish
    mean_logprob: float
    prompt_tokens: int
    completion_tokens: int
    first_token_seconds: float
    last: bool


@dataclass(frozen=True, slots=True)
class Started:
    """The first event of a draft."""

    draft_ids: tuple[UUID, ...]
    message_id: UUID
    cached: bool


@dataclass(frozen=True, slots=True)
class Done:
    """A suggestion is complete and stored."""

    draft_id: UUID
    suggestion: int
    response: str
    confidence: float
    model_version: str
    finish: Finish
    last: bool
    prompt_tokens: int
    completion_tokens: int
    first_token_seconds: float


ModelEvent = Progress | Piece | Finished
DraftEvent = Started | Progress | Piece | Done
