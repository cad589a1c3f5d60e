"""What the engine sends to a reader."""

from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """Where a generation stands."""

    QUEUED = "queued"
    PREFILL = "prefill"
    DECODE = "decode"


class FinishReason(Enum):
    """Why a suggestion ended. A failure is no reason: the stream raises it."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Progress:
    """The generation is in another phase or place; `position` is how many are before it in the queue, 0 when it runs."""

    phase: Phase
    prompt_tokens: int
    position: int = 0
    eta_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole characters of one suggestion."""

    suggestion: int
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """One suggestion is complete; `last` on the final one."""

    suggestion: int
    reason: FinishReason
    mean_logprob: float
    prompt_tokens: int
    completion_tokens: int
    # Prompt tokens that the KV cache still had.
    cached_tokens: int
    queue_seconds: float
    first_token_seconds: float
    last: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The whole generation failed; the stream raises `error` and ends."""

    error: Exception


Event = Progress | Piece | Finished | Failed
