"""Training samples, and how the owner's actions become them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from prompting.conversation import PromptSource
from svc_kit.errors import InvalidInput


class SampleSource(StrEnum):
    """Where a sample comes from."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    MANUAL = "manual"
    HISTORY = "history"
    REJECTED = "rejected"


class FeedbackKind(StrEnum):
    """What the owner did with a draft."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Sample:
    """A context and the reply to learn. Of a negative, `expected_output` is the draft not to write.

    `input_context` is the prompt as the model saw it. `prompt` is what it was made of; None when that is not known, and then
    the sample fits the base model of its template alone. `message_ids` are the messages of the prompt, and the owner's own that
    is learned from. `quality` is the sample's weight, 0 to 1.
    """

    sample_id: UUID
    input_context: str
    expected_output: str
    source: SampleSource
    quality: float
    created_at: datetime
    response_id: UUID | None = None
    conversation_id: UUID | None = None
    rejected_output: str = ""
    negative: bool = False
    prompt: PromptSource | None = None
    message_ids: tuple[UUID, ...] = ()

    @property
    def prompt_only(self) -> bool:
        """Whether only the finished prompt is known."""
        return self.prompt is None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the owner did with a draft, once. `reply_message_id` is what they sent instead of acting on it."""

    event_id: UUID
    response_id: UUID
    conversation_id: UUID
    input_context: str
    response: str
    confidence: float
    kind: FeedbackKind
    edited_response: str
    rejection_reason: str
    acted_at: datetime
    model_version: str
    prompt: PromptSource | None = None
    reply_message_id: UUID | None = None

    @property
    def message_ids(self) -> tuple[UUID, ...]:
        """The messages that it tells of: those of the prompt, and the owner's own."""
        prompt = self.prompt.message_ids if self.prompt else ()
        return (*prompt, self.reply_message_id) if self.reply_message_id else prompt


@dataclass(frozen=True, slots=True)
class SampleChange:
    """What to change. What is None stays."""

    expected_output: str | None = None
    quality: float | None = None


def sample_of(feedback: Feedback, sample_id: UUID, now: datetime) -> Sample:
    """The sample that an action makes. Raises InvalidInput when there is no reply to learn.

    An accepted draft counts as much as the model was sure of it; a changed one is the owner's own word and counts fully; a
    rejected one counts nothing and is never a target.
    """
    match feedback.kind:
        case FeedbackKind.ACCEPTED:
            source, output, quality = SampleSource.ACCEPTED, _some("response", feedback.response), feedback.confidence
        case FeedbackKind.EDITED:
            output = _some("edited_response", feedback.edited_response)
            source, quality = SampleSource.EDITED, 1.0
        case FeedbackKind.REJECTED:
            source, output, quality = SampleSource.REJECTED, feedback.response, 0.0
    return Sample(
        sample_id=sample_id,
        input_context=feedback.input_context,
        expected_output=output,
        source=source,
        quality=quality,
        created_at=now,
        response_id=feedback.response_id,
        conversation_id=feedback.conversation_id,
        rejected_output=feedback.response if source is SampleSource.EDITED else "",
        negative=source is SampleSource.REJECTED,
        prompt=feedback.prompt,
        message_ids=feedback.message_ids,
    )


def checked_change(change: SampleChange) -> SampleChange:
    """The change, when it leaves a reply to learn. Raises InvalidInput."""
    if change.expected_output is not None:
        _some("expected_output", change.expected_output)
    return change


def _some(field: str, text: str) -> str:
    if not text.strip():
        raise InvalidInput(field, "must not be empty")
    return text
