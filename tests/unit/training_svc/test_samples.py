"""How the owner's actions become samples."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from svc_kit.errors import InvalidInput
from training_svc.domain.samples import Feedback, FeedbackKind, SampleSource, sample_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SAMPLE_ID = UUID(int=9)
ACCEPTED = Feedback(
    UUID(int=1), UUID(int=2), UUID(int=3), "Them: Hi\nMe:", "Hello", 0.6, FeedbackKind.ACCEPTED, "", "", NOW, "m"
)
EDITED = replace(ACCEPTED, kind=FeedbackKind.EDITED, edited_response="Hey")
REJECTED = replace(ACCEPTED, kind=FeedbackKind.REJECTED, confidence=0.99)


@pytest.mark.parametrize(
    ("feedback", "source", "output", "quality", "rejected", "negative"),
    [
        (ACCEPTED, SampleSource.ACCEPTED, "Hello", 0.6, "", False),
        (EDITED, SampleSource.EDITED, "Hey", 1.0, "Hello", False),
        (REJECTED, SampleSource.REJECTED, "Hello", 0.0, "", True),
    ],
)
def test_each_action_makes_its_sample(
    feedback: Feedback, source: SampleSource, output: str, quality: float, rejected: str, negative: bool
):
    sample = sample_of(feedback, SAMPLE_ID, NOW)

    assert (sample.source, sample.expected_output, sample.quality) == (source, output, quality)
    assert (sample.rejected_output, sample.negative) == (rejected, negative)
    assert (sample.response_id, sample.conversation_id) == (UUID(int=2), UUID(int=3))


@pytest.mark.parametrize("feedback", [replace(ACCEPTED, response="\n"), replace(EDITED, edited_response="")])
def test_there_must_be_something_to_learn(feedback: Feedback):
    with pytest.raises(InvalidInput):
        sample_of(feedback, SAMPLE_ID, NOW)


def test_an_empty_draft_may_be_rejected():
    assert sample_of(replace(REJECTED, response=""), SAMPLE_ID, NOW).negative
