"""Drafts and their events as the contract says them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.common.v1 import heartbeat_pb2
from assistant.inference.v1 import responses_pb2, sampling_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from inference_svc.drafting.domain.draft import Draft, Finish, Status
from inference_svc.drafting.domain.events import Done, DraftEvent, Phase, Piece, Progress, Started

HEARTBEAT = responses_pb2.StreamResponseResponse(heartbeat=heartbeat_pb2.Heartbeat())

_STATUSES = {
    Status.GENERATING: responses_pb2.RESPONSE_STATUS_GENERATING,
    Status.COMPLETED: responses_pb2.RESPONSE_STATUS_COMPLETED,
    Status.REJECTED: responses_pb2.RESPONSE_STATUS_REJECTED,
    Status.ACCEPTED: responses_pb2.RESPONSE_STATUS_ACCEPTED,
    Status.EDITED: responses_pb2.RESPONSE_STATUS_EDITED,
    Status.FAILED: responses_pb2.RESPONSE_STATUS_FAILED,
    Status.CANCELLED: responses_pb2.RESPONSE_STATUS_CANCELLED,
    Status.SUPERSEDED: responses_pb2.RESPONSE_STATUS_SUPERSEDED,
}
_FINISHES = {
    Finish.NONE: sampling_pb2.FINISH_REASON_UNSPECIFIED,
    Finish.STOP: sampling_pb2.FINISH_REASON_STOP,
    Finish.LENGTH: sampling_pb2.FINISH_REASON_LENGTH,
    Finish.CANCELLED: sampling_pb2.FINISH_REASON_CANCELLED,
    Finish.DEADLINE: sampling_pb2.FINISH_REASON_DEADLINE,
    Finish.SUPERSEDED: sampling_pb2.FINISH_REASON_SUPERSEDED,
}
_PHASES = {
    Phase.QUEUED: responses_pb2.ResponseProgress.STATE_QUEUED,
    Phase.READING: responses_pb2.ResponseProgress.STATE_READING,
    Phase.WRITING: responses_pb2.ResponseProgress.STATE_WRITING,
}


def response_of(draft: Draft) -> responses_pb2.GeneratedResponse:
    """A draft."""
    return responses_pb2.GeneratedResponse(
        response_id=str(draft.draft_id),
        message_id=str(draft.message_id),
        conversation_id=str(draft.conversation_id),
        response=draft.response,
        confidence=draft.confidence,
        model_version=draft.model_version,
        status=_STATUSES[draft.status],
        generated_at=timestamp_of(draft.generated_at or draft.created_at),
        rejection_reason=draft.rejection_reason,
        edited_response=draft.edited_response,
        finish_reason=_FINISHES[draft.finish],
        instruction=draft.instruction,
        suggestion=draft.suggestion,
        acted_at=timestamp_of(draft.acted_at) if draft.acted_at else None,
        erased=draft.erased_at is not None,
    )


def answer_of(drafts: Sequence[Draft], cached: bool) -> responses_pb2.GenerateResponseResponse:
    """The suggestions of a request, the first one in full."""
    first = drafts[0]
    return responses_pb2.GenerateResponseResponse(
        response_id=str(first.draft_id),
        response=first.response,
        confidence=first.confidence,
        model_version=first.model_version,
        finish_reason=_FINISHES[first.finish],
        cached=cached,
        suggestions=[response_of(draft) for draft in drafts],
    )


def event_of(event: DraftEvent) -> responses_pb2.StreamResponseResponse:
    """An event of a draft."""
    match event:
        case Piece(suggestion, text):
            token = responses_pb2.ResponseToken(suggestion=suggestion, text=text)
            return responses_pb2.StreamResponseResponse(token=token)
        case Progress(phase, position, eta_seconds):
            state = responses_pb2.ResponseProgress(
                state=_PHASES[phase], queue_position=position, eta_seconds=eta_seconds
            )
            return responses_pb2.StreamResponseResponse(state=state)
        case Started(draft_ids, message_id, cached):
            ids = [str(draft_id) for draft_id in draft_ids]
            started = responses_pb2.ResponseStarted(
                response_id=ids[0], cached=cached, response_ids=ids, message_id=str(message_id)
            )
            return responses_pb2.StreamResponseResponse(started=started)
        case Done():
            return responses_pb2.StreamResponseResponse(done=_done(event))


def error_event(error: heartbeat_pb2.StreamError) -> responses_pb2.StreamResponseResponse:
    """The last event of a draft that failed."""
    return responses_pb2.StreamResponseResponse(error=error)


def _done(event: Done) -> responses_pb2.ResponseDone:
    return responses_pb2.ResponseDone(
        response_id=str(event.draft_id),
        response=event.response,
        confidence=event.confidence,
        model_version=event.model_version,
        finish_reason=_FINISHES[event.finish],
        suggestion=event.suggestion,
        last=event.last,
        prompt_tokens=event.prompt_tokens,
        completion_tokens=event.completion_tokens,
        first_token_seconds=event.first_token_seconds,
    )


def timestamp_of(at: datetime) -> Timestamp:
    """A time."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
