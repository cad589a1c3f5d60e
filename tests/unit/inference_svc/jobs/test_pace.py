"""How long a job is said to take."""

from inference_svc.jobs.domain.pace import Pace


def test_before_the_first_job_nothing_is_known():
    pace = Pace(slots=4)

    assert (pace.until_done(10), pace.left(3)) == (0, 0)


def test_jobs_are_done_in_rounds_of_as_many_as_run_at_once():
    pace = Pace(slots=4)
    pace.ended(10)

    assert [pace.until_done(position) for position in (0, 3, 4, 9)] == [10, 10, 20, 30]


def test_what_runs_longer_than_most_is_not_said_to_be_late():
    pace = Pace(slots=1)
    pace.ended(10)

    assert [pace.left(elapsed) for elapsed in (4, 12)] == [6, 0]


def test_the_newest_job_moves_the_average_a_little():
    pace = Pace(slots=1)
    pace.ended(10)
    pace.ended(20)

    assert pace.until_done(0) == 12
