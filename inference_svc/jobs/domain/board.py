"""News of jobs within this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from inference_svc.jobs.domain.ports import News


class JobBoard:
    """Rings the bells of those who want to know."""

    def __init__(self) -> None:
        self._ears: set[tuple[Callable[[News], bool], asyncio.Event]] = set()

    async def tell(self, news: News) -> None:
        """Tell everybody here."""
        self.post(news)

    def post(self, news: News) -> None:
        """Ring the bells of those who want this."""
        for wanted, event in self._ears:
            if wanted(news):
                event.set()

    def post_all(self) -> None:
        """Ring all bells: something may have been missed."""
        for _, event in self._ears:
            event.set()

    @contextmanager
    def subscribe(self, wanted: Callable[[News], bool], event: asyncio.Event) -> Iterator[None]:
        """Set `event` at each piece of news that is `wanted`."""
        ear = (wanted, event)
        self._ears.add(ear)
        try:
            yield
        finally:
            self._ears.discard(ear)


async def heard(event: asyncio.Event, seconds: float) -> None:
    """Wait for a event, but no longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
