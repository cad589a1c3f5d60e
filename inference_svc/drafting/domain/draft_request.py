"""What somebody asks for when they want a draft."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from uuid import UUID

from svc_kit.errors import DeadlineExceeded, InvalidInput

# Envoy ends a stream after this long, too.
LONGEST_DRAFT_S = 600.0
DEFAULT_HISTORY = 10


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. A missing seed means that chance decides."""

    temperature: float = 0.7
    top_k: int = 40
    top_p: float = 0.9
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    seed: int | None = None
    max_tokens: int = 128
    deterministic: bool = False
    # A form that the text has: a GBNF grammar, or a JSON schema; at most one of them.
    grammar: str = ""
    json_schema: str = ""


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """A wish for drafts. `deadline` is on the clock of `time.monotonic`."""

    account_id: UUID
    deadline: float
    message_id: UUID | None = None
    conversation_id: UUID | None = None
    max_history: int = DEFAULT_HISTORY
    suggestions: int = 1
    instruction: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    skip_cache: bool = False
    model_id: str = ""
    request_id: UUID | None = None
    # The conversation that a message arrived in, when that alone is why. No part of the digest: conversations can be joined.
    arrived_in: UUID | None = None

    def check(self) -> None:
        """Raise InvalidInput for what can be seen to be wrong without asking anybody."""
        if self.message_id is None and self.conversation_id is None:
            raise InvalidInput("message_id", "give the message to answer, or a conversation_id")
        if "\0" in self.instruction:
            raise InvalidInput("instruction", "must not contain NUL characters")
        sampling = self.sampling
        if sampling.grammar and sampling.json_schema:
            raise InvalidInput("sampling.json_schema", "is of no use beside a grammar: give one of them")
        if sampling.deterministic and sampling.seed is None and sampling.temperature > 0:
            raise InvalidInput("sampling.deterministic", "needs a seed or temperature 0")

    def time_left(self) -> float:
        """Seconds until the deadline. Raises DeadlineExceeded when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("the draft took longer than the request allows")
        return left

    @property
    def digest(self) -> str:
        """A hash of what was asked, to tell a repeated request from another one with the same id."""
        asked = (
            self.message_id,
            self.conversation_id,
            self.max_history,
            self.suggestions,
            self.instruction,
            self.sampling,
            self.skip_cache,
            self.model_id,
        )
        return hashlib.sha256(repr(asked).encode()).hexdigest()


def deadline_in(seconds: float | None) -> float:
    """The deadline of a request whose caller waits for `seconds`; None when they did not say."""
    return time.monotonic() + min(LONGEST_DRAFT_S, LONGEST_DRAFT_S if seconds is None else seconds)
