"""Jobs as rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, literal_column

from inference_svc.drafting.domain.draft_request import DraftRequest, Sampling, deadline_in
from inference_svc.jobs.domain.job import Job, JobKey, JobState, Lease
from inference_svc.storage.tables import generation_jobs as jobs

# Said in the statement, so that a plan for any values may use the index of what waits.
IS_QUEUED = jobs.c.state == literal_column(f"'{JobState.QUEUED.value}'")
IS_RUNNING = jobs.c.state == JobState.RUNNING.value
# It has had its turn, whatever became of it.
IS_BEGUN = jobs.c.started_at.is_not(None)
# The order in which jobs are taken.
ORDER = (jobs.c.turn, jobs.c.id)
IS_UNFINISHED = jobs.c.state.in_([JobState.QUEUED.value, JobState.RUNNING.value])


def this(key: JobKey) -> tuple[ColumnElement[bool], ...]:
    """The row of a job."""
    return (jobs.c.account_id == key.account_id, jobs.c.id == key.job_id)


def ended(state: JobState, **values: Any) -> dict[str, Any]:
    """What a job's end changes: its lease ends with it, and nobody reads any more what was asked (`request_digest` tells that)."""
    return {
        "state": state.value,
        "lease_id": None,
        "leased_until": None,
        "ended_at": func.now(),
        "instruction": "",
        "sampling": {},
        **values,
    }


def requeued(**values: Any) -> dict[str, Any]:
    """What changes when a job waits again; what an earlier attempt left half made is no longer its draft."""
    return {"state": JobState.QUEUED.value, "lease_id": None, "leased_until": None, "response_id": None, **values}


def values_of(order: DraftRequest) -> dict[str, Any]:
    """What is kept of an order: all that is needed to draft it later."""
    return {
        "account_id": order.account_id,
        "message_id": order.message_id,
        "conversation_id": order.conversation_id,
        "max_history": order.max_history,
        "suggestions": order.suggestions,
        "instruction": order.instruction,
        "sampling": asdict(order.sampling),
        "skip_cache": order.skip_cache,
        "model_id": order.model_id,
        "arrived_in": order.arrived_in,
        "request_digest": order.digest,
    }


def job_of(row: RowMapping) -> Job:
    """The job in a row."""
    return Job(
        key=JobKey(row["account_id"], row["id"]),
        state=JobState(row["state"]),
        created_at=row["created_at"],
        due_at=row["due_at"],
        turn=row["turn"],
        attempts=row["attempts"],
        error=row["error"],
        draft_id=row["response_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
    )


def lease_of(row: RowMapping) -> Lease:
    """The lease in a row that was just taken. The job's id is that of its drafts' request, so that they are made once."""
    order = DraftRequest(
        account_id=row["account_id"],
        deadline=deadline_in(None),
        message_id=row["message_id"],
        conversation_id=row["conversation_id"],
        max_history=row["max_history"],
        suggestions=row["suggestions"],
        instruction=row["instruction"],
        sampling=Sampling(**row["sampling"]),
        skip_cache=row["skip_cache"],
        model_id=row["model_id"],
        request_id=row["id"],
        arrived_in=row["arrived_in"],
    )
    return Lease(JobKey(row["account_id"], row["id"]), row["lease_id"], row["attempts"], order)
