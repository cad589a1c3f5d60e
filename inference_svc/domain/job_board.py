"""News of jobs within this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from inference_svc.domain.job_ports import News


class JobBoard:
    """Rings the bells of those who want to know."""

    def __init__(self) -> None:
        self._ears: set[tuple[Callable[[News], bool], asyncio.Event]] = set()

    async def tell(self, news: News) -> None:
        """Tell everybody here."""
        self.post(news)

    def post(self, news: News) -> None:
        """Ring the bells of those who want this."""
        for wanted, bell in self._ears:
            if wanted(news):
                bell.set()

    def post_all(self) -> None:
        """Ring all bells: something may have been missed."""
        for _, bell in self._ears:
            bell.set()

    @contextmanager
    def hearing(self, wanted: Callable[[News], bool], bell: asyncio.Event) -> Iterator[None]:
        """Set `bell` at each piece of news that is `wanted`."""
        ear = (wanted, bell)
        self._ears.add(ear)
        try:
            yield
        finally:
            self._ears.discard(ear)


async def heard(bell: asyncio.Event, seconds: float) -> None:
    """Wait for a bell, but no longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()
