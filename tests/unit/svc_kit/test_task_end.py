"""Ending tasks that do not end at once."""

import asyncio

from svc_kit.task_end import end_task


async def test_a_task_that_loses_a_cancellation_is_ended_all_the_same():
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if lost:
                    raise
                lost += 1

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)

    await end_task(task)

    assert task.cancelled()
    assert lost == 1


async def test_a_task_that_ended_with_an_error_is_no_error_here():
    async def failing() -> None:
        raise ValueError

    task = asyncio.create_task(failing())
    await asyncio.wait([task])

    await end_task(task)

    assert task.done()
