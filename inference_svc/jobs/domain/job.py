"""A draft in the queue: what is kept of it, and the rules by which it is tried again or given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from inference_svc.drafting.domain.context import MovedOn
from inference_svc.drafting.domain.draft import Draft
from inference_svc.drafting.domain.draft_request import DraftRequest
from svc_kit.errors import DeadlineExceeded, DomainError, Overloaded, Unavailable

MAX_ATTEMPTS = 3
# A reply to yesterday's message helps nobody, and every request has to end.
LIFETIME_S = 86400.0
# Refused before it began, a job says nothing about itself: a part is away, or has too much to do.
_NOT_ITS_FAULT = (Overloaded, Unavailable, DeadlineExceeded)
_LONGEST_PAUSE_S = 30.0


class JobState(StrEnum):
    """How a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether it stays so."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class JobKey:
    """A job and whose it is."""

    account_id: UUID
    job_id: UUID


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is kept. Jobs are taken by `turn`, and of one turn the oldest first.

    `draft_id` is its first suggestion, once there is one; `error` holds no message text.
    """

    key: JobKey
    state: JobState
    created_at: datetime
    due_at: datetime
    turn: int = 0
    attempts: int = 0
    error: str = ""
    draft_id: UUID | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its owner sees it."""

    job: Job
    draft: Draft | None = None
    position: int = 0
    eta_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run a job, for as long as it is renewed. `lease_id` is another one each time the job is taken."""

    key: JobKey
    lease_id: UUID
    attempts: int
    order: DraftRequest


@dataclass(frozen=True, slots=True)
class Completed:
    """The job's drafts are stored; `draft_id` is the first one."""

    draft_id: UUID


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The job failed for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """The job goes back into the queue. The attempt is taken back unless it `counts`."""

    seconds: float
    counts: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nobody wants the job's draft any more."""


Outcome = Completed | GivenUp | Postponed | Dropped


class LeaseLost(Exception):
    """Somebody else has the job by now, or it has ended."""


def outcome_of(error: Exception, attempts: int, *, begun: bool, pause: float) -> GivenUp | Postponed | Dropped:
    """What becomes of a job whose attempt failed; `pause` is the shortest one before the next.

    What is wrong with the request ends the job at once. An attempt counts from the moment the model took the draft: a model
    that is away or has too much to do costs none, and is asked until the job's lifetime is over.
    """
    if isinstance(error, MovedOn):
        return Dropped()
    if isinstance(error, _NOT_ITS_FAULT) and not begun:
        asked = error.retry_after if isinstance(error, Overloaded) else 0.0
        # An estimate may be wrong, and the process lets all jobs wait for as long.
        return Postponed(min(_LONGEST_PAUSE_S, max(pause, asked)), counts=False)
    if isinstance(error, DomainError) and not isinstance(error, _NOT_ITS_FAULT):
        return GivenUp(error.message)
    if attempts < MAX_ATTEMPTS:
        return Postponed(backoff(pause, attempts), counts=True)
    reason = error.message if isinstance(error, DomainError) else "internal error"
    return GivenUp(f"given up after {attempts} attempts: {reason}")


def backoff(pause: float, failures: int) -> float:
    """How long to wait after this many failures in a row: twice as long each time, up to half a minute."""
    return min(_LONGEST_PAUSE_S, pause * (1 << max(0, min(failures, 10) - 1)))
