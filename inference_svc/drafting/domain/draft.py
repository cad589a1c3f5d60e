"""A draft as it is kept, and what the owner may do with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from prompting.conversation import PromptSource
from svc_kit.errors import FailedPrecondition, InvalidInput, Unavailable


class Status(StrEnum):
    """How a draft is."""

    GENERATING = "generating"
    COMPLETED = "completed"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    EDITED = "edited"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class Finish(StrEnum):
    """Why a draft's text ended; NONE when it has none or still grows."""

    NONE = ""
    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft, with what a training sample is made of.

    `prompt` is what the model saw; `source` is what that was made of, None for drafts of before it was kept. `reply_message_id`
    is the message that the owner sent instead of acting on the draft. Since `erased_at` there are no texts any more, because a
    message that they were made from was deleted.
    """

    draft_id: UUID
    message_id: UUID
    conversation_id: UUID
    prompt: str
    model_version: str
    created_at: datetime
    status: Status = Status.GENERATING
    response: str = ""
    confidence: float = 0.0
    finish: Finish = Finish.NONE
    suggestion: int = 0
    instruction: str = ""
    cached: bool = False
    # A hash, for taking a text that was rejected out of the cache.
    cache_key: str = ""
    generated_at: datetime | None = None
    edited_response: str = ""
    rejection_reason: str = ""
    acted_at: datetime | None = None
    source: PromptSource | None = None
    reply_message_id: UUID | None = None
    erased_at: datetime | None = None


class ContextErased(Unavailable):
    """A message that a draft is made from was deleted meanwhile; the next try is made without it."""

    reason = "ERASED"

    def __init__(self) -> None:
        super().__init__("a message of the conversation was deleted while the draft was made; try again")


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a draft that was being made."""

    status: Status
    finish: Finish
    response: str = ""
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class OwnerAction:
    """Accepts, edits or rejects: `becomes` is ACCEPTED, EDITED or REJECTED."""

    becomes: Status
    edited_response: str = ""
    rejection_reason: str = ""

    def check(self) -> None:
        """Raise InvalidInput unless the action has what it needs and nothing else."""
        if self.becomes is Status.EDITED:
            if not self.edited_response.strip():
                raise InvalidInput("edited_response", "an edit needs the changed text")
        elif self.edited_response:
            raise InvalidInput("edited_response", "only an edit has a changed text")
        if self.rejection_reason and self.becomes is not Status.REJECTED:
            raise InvalidInput("rejection_reason", "only a rejection has a reason")
        for name in ("edited_response", "rejection_reason"):
            if "\0" in getattr(self, name):
                raise InvalidInput(name, "must not contain NUL characters")


@dataclass(frozen=True, slots=True)
class Label:
    """What the owner did with a draft without saying so."""

    draft: Draft
    action: OwnerAction


def act_on(draft: Draft, action: OwnerAction, now: datetime) -> Draft | None:
    """The draft after the action; None when the very same was done before.

    Raises FailedPrecondition for a draft that is not complete, that was erased, or that the owner did something else with.
    """
    if draft.erased_at is not None:
        raise FailedPrecondition("ERASED", "a message that this draft was made from was deleted; ask for another draft")
    if draft.acted_at is not None:
        if OwnerAction(draft.status, draft.edited_response, draft.rejection_reason) == action:
            return None
        raise FailedPrecondition("ALREADY_ACTED_ON", f"this draft was {draft.status} already")
    if draft.status is not Status.COMPLETED:
        raise FailedPrecondition("NOT_COMPLETED", f"this draft is {draft.status}, not completed")
    return replace(
        draft,
        status=action.becomes,
        edited_response=action.edited_response,
        rejection_reason=action.rejection_reason,
        acted_at=now,
    )
