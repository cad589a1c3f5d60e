"""News of jobs within a process."""

import asyncio

from inference_svc.jobs.domain.board import JobBoard, heard
from inference_svc.jobs.domain.job import JobKey, JobState
from inference_svc.jobs.domain.ports import News
from svc_kit.ids import new_id


def news(state: JobState = JobState.QUEUED) -> News:
    return News(JobKey(new_id(), new_id()), state)


async def test_who_wants_to_know_hears_and_nobody_else():
    board, mine, others = JobBoard(), asyncio.Event(), asyncio.Event()
    about_mine = news()

    with (
        board.subscribe(lambda each: each == about_mine, mine),
        board.subscribe(lambda each: each != about_mine, others),
    ):
        await board.tell(about_mine)

    assert (mine.is_set(), others.is_set()) == (True, False)


async def test_who_left_hears_nothing():
    board, event = JobBoard(), asyncio.Event()
    with board.subscribe(lambda _: True, event):
        pass

    await board.tell(news())

    assert not event.is_set()


async def test_everybody_looks_when_something_may_have_been_missed():
    board, event = JobBoard(), asyncio.Event()

    with board.subscribe(lambda _: False, event):
        board.post_all()

    assert event.is_set()


async def test_waiting_for_news_ends_without_any():
    await heard(asyncio.Event(), 0.01)
