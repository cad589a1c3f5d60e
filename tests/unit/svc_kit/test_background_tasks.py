"""What a cancelled call leaves behind is finished, also when what it needs is away for a while."""

from __future__ import annotations

import asyncio

from svc_kit.background_tasks import BackgroundTasks
from svc_kit.errors import Unavailable


class Work:
    """Fails as often as it is told, then is done."""

    def __init__(self, failures: int) -> None:
        self.tries = 0
        self.failing = asyncio.Event()
        self._failures = failures

    async def __call__(self) -> None:
        self.tries += 1
        if self.tries <= self._failures:
            self.failing.set()
            raise Unavailable("away")


async def test_work_is_tried_again_while_something_is_away():
    work = Work(failures=2)

    await BackgroundTasks(pauses=(0, 0, 0)).spawn(work)

    assert work.tries == 3


async def test_settling_ends_the_wait_with_one_last_try():
    ends, work = BackgroundTasks(pauses=(3600,)), Work(failures=1)

    ends.spawn(work)
    await work.failing.wait()
    await ends.drain()

    assert work.tries == 2
