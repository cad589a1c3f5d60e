"""Training samples, and how the owner's actions become them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

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
    """A context and the reply to learn. Of a negative, `expected_output` is the draft not to write."""

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


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the owner did with a draft, once."""

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
