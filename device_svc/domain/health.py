"""The state of the whole installation at a glance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

ASK_TIMEOUT_S = 1.0
# Anyone may ask, and each answer asks seven parts: one answer serves all who ask within a second.
KEEP_S = 1.0


class PartStatus(StrEnum):
    """How a part is."""

    SERVING = "serving"
    NOT_SERVING = "not_serving"
    UNREACHABLE = "unreachable"


AskPart = Callable[[], Awaitable[PartStatus]]


@dataclass(frozen=True, slots=True)
class Health:
    """How the parts are, in their order."""

    parts: Mapping[str, PartStatus]

    @property
    def status(self) -> PartStatus:
        """SERVING when all parts are."""
        all_serve = all(status is PartStatus.SERVING for status in self.parts.values())
        return PartStatus.SERVING if all_serve else PartStatus.NOT_SERVING


class Glance:
    """Asks all parts at the same time, and waits a second at most."""

    def __init__(self, parts: Mapping[str, AskPart], *, timeout: float = ASK_TIMEOUT_S, keep: float = KEEP_S) -> None:
        self._parts = parts
        self._timeout = timeout
        self._keep = keep
        self._asking = asyncio.Lock()
        self._last: Health | None = None
        self._asked_at = float("-inf")

    async def look(self) -> Health:
        """How the parts are. Never fails: a part that does not answer is UNREACHABLE."""
        async with self._asking:
            if self._last is None or time.monotonic() - self._asked_at >= self._keep:
                answers = await asyncio.gather(*(self._ask(ask) for ask in self._parts.values()))
                self._last = Health(dict(zip(self._parts, answers, strict=True)))
                self._asked_at = time.monotonic()
            return self._last

    async def _ask(self, ask: AskPart) -> PartStatus:
        try:
            async with asyncio.timeout(self._timeout):
                return await ask()
        except Exception:
            return PartStatus.UNREACHABLE
