"""Between the domain and the contract."""

from __future__ import annotations

from datetime import UTC, datetime

from assistant.training.v1 import samples_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from svc_kit.errors import InvalidInput
from svc_kit.ids import parse_id
from training_svc.domain.samples import Feedback, FeedbackKind, Sample, SampleChange, SampleSource

SOURCES = {
    SampleSource.ACCEPTED: pb.SAMPLE_SOURCE_ACCEPTED,
    SampleSource.EDITED: pb.SAMPLE_SOURCE_EDITED,
    SampleSource.MANUAL: pb.SAMPLE_SOURCE_MANUAL,
    SampleSource.HISTORY: pb.SAMPLE_SOURCE_HISTORY,
    SampleSource.REJECTED: pb.SAMPLE_SOURCE_REJECTED,
}
SOURCES_BACK = {number: source for source, number in SOURCES.items()}
_KINDS = {
    pb.FEEDBACK_KIND_ACCEPTED: FeedbackKind.ACCEPTED,
    pb.FEEDBACK_KIND_EDITED: FeedbackKind.EDITED,
    pb.FEEDBACK_KIND_REJECTED: FeedbackKind.REJECTED,
}
_CHANGEABLE = frozenset({"expected_output", "quality"})


def to_sample(sample: Sample) -> pb.TrainingSample:
    """A sample."""
    return pb.TrainingSample(
        sample_id=str(sample.sample_id),
        input_context=sample.input_context,
        expected_output=sample.expected_output,
        source=SOURCES[sample.source],
        quality=sample.quality,
        created_at=_timestamp(sample.created_at),
        response_id=str(sample.response_id or ""),
        conversation_id=str(sample.conversation_id or ""),
        rejected_output=sample.rejected_output,
        negative=sample.negative,
    )


def to_feedback(request: pb.RecordFeedbackRequest) -> Feedback:
    """What the owner did."""
    return Feedback(
        event_id=parse_id("event_id", request.event_id),
        response_id=parse_id("response_id", request.response_id),
        conversation_id=parse_id("conversation_id", request.conversation_id),
        input_context=request.input_context,
        response=request.response,
        confidence=request.confidence,
        kind=_KINDS[request.kind],
        edited_response=request.edited_response,
        rejection_reason=request.rejection_reason,
        acted_at=request.acted_at.ToDatetime(tzinfo=UTC),
        model_version=request.model_version,
    )


def to_change(request: pb.UpdateSampleRequest) -> SampleChange:
    """What to change. Raises InvalidInput for a mask that names nothing, or something else."""
    paths = set(request.update_mask.paths)
    if not paths or paths - _CHANGEABLE:
        raise InvalidInput("update_mask", 'must name "expected_output", "quality", or both')
    return SampleChange(
        expected_output=request.expected_output if "expected_output" in paths else None,
        quality=request.quality if "quality" in paths else None,
    )


def _timestamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made
