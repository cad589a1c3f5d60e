"""Jobs as the contract says them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from assistant.common.v1 import heartbeat_pb2
from assistant.inference.v1 import responses_pb2

from inference_svc.api.draft_mapping import response_of, timestamp_of
from inference_svc.jobs.domain.job import JobKey, JobState, JobView
from svc_kit.errors import InvalidInput
from svc_kit.identity import current_account
from svc_kit.ids import parse_id

JOB_HEARTBEAT = responses_pb2.WatchJobResponse(heartbeat=heartbeat_pb2.Heartbeat())

_STATES = {
    JobState.QUEUED: responses_pb2.JOB_STATE_QUEUED,
    JobState.RUNNING: responses_pb2.JOB_STATE_RUNNING,
    JobState.COMPLETED: responses_pb2.JOB_STATE_COMPLETED,
    JobState.FAILED: responses_pb2.JOB_STATE_FAILED,
    JobState.CANCELLED: responses_pb2.JOB_STATE_CANCELLED,
}


def key_of(job_id: str) -> JobKey:
    """The caller's job of this id."""
    return JobKey(current_account(), parse_id("job_id", job_id))


def once_of(request: responses_pb2.GenerateAsyncRequest) -> UUID | None:
    """The id of a request that may be repeated; it may stand in the draft's request instead."""
    outer, inner = request.request_id, request.request.request_id
    if outer and inner and outer.lower() != inner.lower():
        raise InvalidInput("request.request_id", "must be left out, or be the same as request_id")
    return parse_id("request_id", outer or inner) if outer or inner else None


@contextmanager
def fields_of_the_draft() -> Iterator[None]:
    """Name what is wrong with the draft by its place in the job's request; the request's id is the job's own."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput.of(
            [(field if field == "request_id" else f"request.{field}", what) for field, what in error.violations]
        ) from error


def job_of(view: JobView) -> responses_pb2.GenerationJob:
    """A job."""
    job = view.job
    return responses_pb2.GenerationJob(
        job_id=str(job.key.job_id),
        state=_STATES[job.state],
        response=response_of(view.draft) if view.draft else None,
        queue_position=view.position,
        eta_seconds=view.eta_seconds,
        error=job.error,
        attempts=job.attempts,
        created_at=timestamp_of(job.created_at),
        ended_at=timestamp_of(job.ended_at) if job.ended_at else None,
    )


def job_event(view: JobView) -> responses_pb2.WatchJobResponse:
    """A change of a job; `done` when it was the last one."""
    if view.job.state.ended:
        return responses_pb2.WatchJobResponse(done=job_of(view))
    return responses_pb2.WatchJobResponse(job=job_of(view))


def job_error_event(error: heartbeat_pb2.StreamError) -> responses_pb2.WatchJobResponse:
    """The last event of a watch that failed."""
    return responses_pb2.WatchJobResponse(error=error)
