"""The time of the supervisor, which tests replace."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the supervisor needs to know of time, in seconds."""

    def now(self) -> float:
        """Return the seconds since some moment; they never go backwards."""

    async def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed."""


class SystemClock:
    """The real time."""

    def now(self) -> float:
        """Return the seconds of the monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed."""
        await asyncio.sleep(seconds)
