"""Waits without looking, where the system offers nothing better."""

import asyncio
from types import TracebackType
from typing import Self


class Polling:
    """Implements ChangeSource: the time is always used up."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def wait(self, seconds: float) -> None:
        """Return after these seconds."""
        await asyncio.sleep(seconds)
