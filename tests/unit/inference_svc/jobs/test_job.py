"""When a job is tried again, and when it is given up."""

import pytest

from inference_svc.drafting.domain.context import MovedOn
from inference_svc.jobs.domain.job import (
    MAX_ATTEMPTS,
    Dropped,
    GivenUp,
    JobState,
    LeaseLost,
    Postponed,
    backoff,
    outcome_of,
)
from svc_kit.errors import (
    DeadlineExceeded,
    DomainError,
    FailedPrecondition,
    InvalidInput,
    NotFound,
    Overloaded,
    Unavailable,
)


@pytest.mark.parametrize(
    "error", [InvalidInput("message_id", "is wrong"), NotFound("no such message"), FailedPrecondition("EMPTY", "empty")]
)
@pytest.mark.parametrize("begun", [False, True])
def test_a_wrong_request_is_given_up_with_its_message(error: DomainError, begun: bool):
    assert outcome_of(error, 1, begun=begun, pause=1) == GivenUp(error.message)


@pytest.mark.parametrize("error", [Unavailable("away"), DeadlineExceeded("late")])
def test_a_part_that_is_away_costs_no_attempt_however_often(error: DomainError):
    assert outcome_of(error, MAX_ATTEMPTS, begun=False, pause=4) == Postponed(4, counts=False)


def test_a_part_that_says_when_is_asked_then():
    assert outcome_of(Overloaded("full", retry_after=7), 1, begun=False, pause=2) == Postponed(7, counts=False)
    assert outcome_of(Overloaded("full", retry_after=1), 1, begun=False, pause=2) == Postponed(2, counts=False)


def test_a_part_that_wants_to_be_left_alone_for_long_is_asked_after_half_a_minute():
    assert outcome_of(Overloaded("full", retry_after=600), 1, begun=False, pause=2) == Postponed(30, counts=False)


@pytest.mark.parametrize("error", [Unavailable("broke"), DeadlineExceeded("late"), ValueError("a bug"), LeaseLost()])
def test_what_breaks_off_counts_and_waits_longer_each_time(error: Exception):
    tries = [outcome_of(error, attempts, begun=True, pause=1) for attempts in range(1, MAX_ATTEMPTS)]

    assert tries == [Postponed(1, counts=True), Postponed(2, counts=True)]


def test_after_the_last_attempt_the_reason_is_told():
    outcome = outcome_of(Unavailable("the model broke"), MAX_ATTEMPTS, begun=True, pause=1)

    assert outcome == GivenUp("given up after 3 attempts: the model broke")


def test_what_an_unexpected_error_says_is_not_told():
    outcome = outcome_of(ValueError("Are you coming tonight?"), MAX_ATTEMPTS, begun=False, pause=1)

    assert outcome == GivenUp("given up after 3 attempts: internal error")


def test_pauses_grow_and_end_at_half_a_minute():
    assert [backoff(1, failures) for failures in (0, 1, 2, 3, 6, 99)] == [1, 1, 2, 4, 30, 30]


def test_only_what_waits_or_runs_has_not_ended():
    assert [state for state in JobState if not state.ended] == [JobState.QUEUED, JobState.RUNNING]


def test_what_nobody_wants_any_more_is_dropped():
    assert outcome_of(MovedOn(), MAX_ATTEMPTS, begun=False, pause=1) == Dropped()
