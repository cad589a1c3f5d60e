"""Calls a server again that was away, a little later each time."""

import asyncio
from collections.abc import Awaitable, Callable
from random import uniform
from typing import Final, TypeVar

from agent.errors import ServerAway
from agent.reporting import Reporter

_T = TypeVar("_T")

# Seconds.
_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 60.0


class RetryPolicy:
    """Calls a step again while the server is away: after 0.5 s, then twice as long each time, up to 60 s, each within 20 %.

    `attempts` of None is without end.
    """

    def __init__(
        self, attempts: int | None, reporter: Reporter, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._attempts = attempts
        self._reporter = reporter
        self._pause = pause

    async def run(self, step: Callable[[], Awaitable[_T]]) -> _T:
        """Return what the step returns; it may be called several times. Raises ServerAway after the last attempt."""
        failures = 0
        while True:
            try:
                return await step()
            except ServerAway as error:
                failures += 1
                await self.back_off(failures, error)

    async def back_off(self, failures: int, error: ServerAway) -> None:
        """Wait before the next try; raise the error instead after the last one."""
        if self._attempts is not None and failures >= self._attempts:
            raise error
        delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (failures - 1)) * uniform(0.8, 1.2)  # noqa: S311 (no secret)
        self._reporter.waiting(delay, str(error))
        await self._pause(delay)
