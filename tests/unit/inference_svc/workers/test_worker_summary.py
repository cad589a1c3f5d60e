"""Several workers as one model."""

import pytest

from inference_svc.drafting.domain.model import ModelStatus
from inference_svc.workers.worker_summary import most_helpful, together
from svc_kit.errors import Overloaded, Unavailable
from svc_kit.model_state import ModelState

READY = ModelStatus(ModelState.READY, model_id="m", sha256="old", running=2, queued=3, queue_eta_seconds=4.0)
LOADING = ModelStatus(ModelState.LOADING, load_progress=0.5)
FAILED = ModelStatus(ModelState.FAILED, message="the file is cut off")


def test_one_worker_is_told_as_it_is():
    assert together([FAILED], 1) == FAILED


def test_the_work_of_all_is_added_up():
    both = together([READY, READY], 2)

    assert (both.state, both.running, both.queued) == (ModelState.READY, 4, 6)
    assert both.queue_eta_seconds == 4.0
    assert both.message == ""


@pytest.mark.parametrize(
    ("statuses", "workers", "why"),
    [
        ([READY, FAILED], 2, "1 of 2 workers can work: the file is cut off"),
        ([LOADING, READY], 2, "1 of 2 workers can work: loading"),
        ([READY], 3, "1 of 3 workers can work: the others do not answer"),
        (
            [READY, READY, ModelStatus(ModelState.READY, sha256="new")],
            3,
            "2 of 3 workers can work: others have another model",
        ),
    ],
)
def test_while_some_cannot_work_it_is_ready_and_says_why_not_all_are(statuses, workers, why):
    told = together(statuses, workers)

    assert (told.state, told.sha256, told.message) == (ModelState.READY, "old", why)


def test_one_that_loads_says_more_than_one_that_failed():
    assert together([FAILED, LOADING], 2) == LOADING


def test_without_any_that_works_it_says_why():
    assert together([FAILED, FAILED], 2) == FAILED


def test_of_all_refusals_the_one_that_says_when_to_come_back_soonest_is_told():
    refusals = [Unavailable("gone"), Overloaded("full", retry_after=9), Overloaded("full", retry_after=2)]

    told = most_helpful(refusals)

    assert isinstance(told, Overloaded)
    assert told.retry_after == 2


def test_a_reason_says_more_than_silence():
    refusals = [Unavailable("does not answer"), Unavailable("loading", reason="MODEL_LOADING")]

    assert most_helpful(refusals).reason == "MODEL_LOADING"


def test_without_any_worker_it_is_unavailable():
    assert isinstance(most_helpful([]), Unavailable)
