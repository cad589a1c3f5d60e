"""Between the domain and the contract."""

from __future__ import annotations

from datetime import UTC, datetime

from assistant.common.v1 import heartbeat_pb2
from assistant.training.v1 import samples_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from prompting.conversation import UNKNOWN_MESSAGE, PromptSource, StyleHints, Turn
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
    """A sample as the contract says it."""
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
        prompt=_to_prompt(sample.prompt) if sample.prompt else None,
        message_ids=[str(message_id) for message_id in sample.message_ids],
        prompt_only=sample.prompt_only,
    )


def to_feedback(request: pb.RecordFeedbackRequest) -> Feedback:
    """What the owner did. Raises InvalidInput naming the field of an id that is none."""
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
        prompt=_from_prompt(request.prompt) if request.HasField("prompt") else None,
        reply_message_id=(parse_id("reply_message_id", request.reply_message_id) if request.reply_message_id else None),
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


def to_error_event(error: heartbeat_pb2.StreamError) -> pb.ExportSamplesResponse:
    """The last event of an export that failed."""
    return pb.ExportSamplesResponse(error=error)


def _to_prompt(prompt: PromptSource) -> pb.PromptSource:
    hints = prompt.hints
    return pb.PromptSource(
        turns=[_to_turn(turn) for turn in prompt.turns],
        hints=pb.StyleHints(
            is_group=hints.is_group, relation=hints.relation, tone=hints.tone, instruction=hints.instruction
        ),
        template_id=prompt.template_id,
    )


def _to_turn(turn: Turn) -> pb.PromptTurn:
    message_id = "" if turn.message_id == UNKNOWN_MESSAGE else str(turn.message_id)
    return pb.PromptTurn(message_id=message_id, text=turn.text, mine=turn.mine, sender=turn.sender)


def _from_prompt(prompt: pb.PromptSource) -> PromptSource:
    hints = prompt.hints
    return PromptSource(
        turns=tuple(_from_turn(index, turn) for index, turn in enumerate(prompt.turns)),
        hints=StyleHints(hints.is_group, hints.relation, hints.tone, hints.instruction),
        template_id=prompt.template_id,
    )


def _from_turn(index: int, turn: pb.PromptTurn) -> Turn:
    field = f"prompt.turns[{index}].message_id"
    message_id = parse_id(field, turn.message_id) if turn.message_id else UNKNOWN_MESSAGE
    return Turn(message_id, turn.text, turn.mine, turn.sender)


def _timestamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made
