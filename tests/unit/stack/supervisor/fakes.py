"""A clock that stands still, and programs that run only as far as a test says."""

import asyncio
import heapq
import itertools
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from stack.supervisor.part import CheckResult, Health, Part
from stack.supervisor.part_log import PartLog


async def settle() -> None:
    """Let every task run until it waits for the clock or for a program."""
    for _ in range(50):
        await asyncio.sleep(0)


class FakeClock:
    """Time that passes only in `advance`."""

    def __init__(self) -> None:
        # Every time that somebody asked to sleep for, in seconds.
        self.asked: list[float] = []
        self._now = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken.wait()

    async def advance(self, seconds: float) -> None:
        """Let so many seconds pass, and whoever sleeps wake in their order."""
        await settle()
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, woken = heapq.heappop(self._sleepers)
            woken.set()
            await settle()
        self._now = end


class FakeProgram:
    """A program that runs until the test ends it, or until it is asked to stop."""

    def __init__(self, name: str, process_id: int, journal: list[str]) -> None:
        self.process_id = process_id
        self.started: float | None = 1.0
        self.stopped_with: tuple[signal.Signals, float] | None = None
        self._name = name
        self._journal = journal
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def end(self, status: int) -> None:
        """End by itself, or by a signal when the status is negative."""
        self._status.set_result(status)

    async def ended(self) -> int:
        return await asyncio.shield(self._status)

    async def stop(self, stop_signal: signal.Signals, seconds: float) -> None:
        self.stopped_with = (stop_signal, seconds)
        self._journal.append(f"stop {self._name}")
        if not self._status.done():
            self.end(0)


class FakePrograms:
    """Starts fake programs, and remembers what was started and stopped in which order."""

    def __init__(self) -> None:
        self.journal: list[str] = []
        self.all: list[FakeProgram] = []

    async def spawn(self, part: Part, log: PartLog) -> FakeProgram:
        self.journal.append(f"start {part.name}")
        self.all.append(FakeProgram(part.name, 100 + len(self.all), self.journal))
        return self.all[-1]

    @property
    def newest(self) -> FakeProgram:
        return self.all[-1]


class FakeHealth:
    """What a part answers when it is asked how it is."""

    def __init__(self, health: Health = Health.SILENT) -> None:
        self.health = health
        self.detail = ""
        # What the check itself fails with, and how often it was asked.
        self.failure: Exception | None = None
        self.asked = 0

    async def check(self) -> CheckResult:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return CheckResult(self.health, self.detail)


def fake_part(name: str, check: Callable[[], Awaitable[CheckResult]] | None, **changes: Any) -> Part:
    """A part whose command is never run."""
    return Part(name, lambda: ["never", "run"], check, **changes)
