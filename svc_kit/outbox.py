"""A transactional outbox: rows committed with their cause are delivered to a peer until it acknowledges them (ADR 0006)."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, Protocol, TypeVar

import structlog

from svc_kit.errors import DeadlineExceeded, Overloaded, Unavailable
from svc_kit.logs import where

# What a peer that is away answers, or one that is there and cannot do this now: a probe tells which of them it was.
_MAYBE_AWAY = (Unavailable, DeadlineExceeded, Overloaded)
_DOUBLINGS = 10
# The first probe of a peer that went away comes after this part of the interval.
_FIRST_PROBE = 0.1


class Entry(Protocol):
    """A claimed row. `attempts` counts the one that it was claimed for."""

    @property
    def attempts(self) -> int:
        """How often the row was claimed."""
        ...


E = TypeVar("E", bound=Entry)


class Rows(Protocol[E]):
    """The table behind an outbox. Every method is one transaction and raises Unavailable when the database does not answer."""

    async def claim(self, limit: int, lease: float) -> Sequence[E]:
        """Take at most `limit` rows that are due, oldest first; no other process gets them for `lease` seconds."""
        ...

    async def acknowledge(self, entries: Sequence[E]) -> None:
        """Take note that these were delivered: they are never claimed again."""
        ...

    async def postpone(self, entries: Sequence[E], seconds: float) -> None:
        """Let these be claimed again after `seconds`."""
        ...

    async def give_back(self, entries: Sequence[E]) -> None:
        """Let these be claimed again at once, by anybody; the attempt does not count. Rows claimed again meanwhile stay."""
        ...


@dataclass(frozen=True, slots=True)
class Timing:
    """How an outbox delivers: `interval`, `longest` and `lease` are seconds, `limit` and `together` are numbers of rows.

    It looks for due rows every `interval`. A row that failed waits for `interval`, twice that the next time, at most `longest`.
    `lease` must be longer than the delivery of `limit` rows takes. `together` rows go in one call.
    """

    interval: float = 5.0
    longest: float = 60.0
    lease: float = 60.0
    limit: int = 20
    together: int = 1


class _Outcome(Enum):
    DELIVERED = auto()
    FAILED = auto()
    AWAY = auto()


async def _always() -> bool:
    return True


async def _none() -> int:
    return 0


class Outbox(Generic[E]):
    """Delivers what waits: at the start, whenever `wake` is called, and at intervals.

    A row is acknowledged after the peer has it, and the peer knows rows by their ids: each arrives, and counts once, whichever
    process dies in between. A row that is refused waits and does not hold up the others. While the peer is away, nothing is
    claimed, so that another process whose peer is there delivers all rows.
    """

    def __init__(
        self,
        name: str,
        rows: Rows[E],
        send: Callable[[Sequence[E]], Awaitable[None]],
        timing: Timing,
        *,
        is_serving: Callable[[], Awaitable[bool]] | None = None,
        drop_expired: Callable[[], Awaitable[int]] | None = None,
    ) -> None:
        """`send` delivers rows to the peer, or raises. `is_serving` asks whether the peer serves, quickly, and raises nothing; without
        it the peer counts as serving.

        `drop_expired` deletes rows that are of no use any more and returns how many; it is called in every round.
        """
        self._rows = rows
        self._send = send
        self._timing = timing
        self._is_serving = is_serving or _always
        self._drop_expired = drop_expired or _none
        self._is_away = False
        self._probes = 0
        self._waiting = asyncio.Event()
        self._tried = asyncio.Event()
        self._log = structlog.get_logger().bind(outbox=name)

    def wake(self) -> None:
        """Say that there is something to deliver, and wait for nothing."""
        self._waiting.set()

    async def deliver_soon(self, patience: float) -> None:
        """Say that there is something to deliver, and wait at most `patience` seconds until it was tried.

        Returns at once while the peer is away. The delivery itself is never given up.
        """
        self._tried.clear()
        self.wake()
        if self._is_away:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._tried.wait()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                await self.deliver_due()
            except Exception as error:  # Whatever it was, the rows wait in the database for the next round.
                self._log.warning("delivery waits", **where(error))
            if self._is_away:
                self._tried.set()
                await asyncio.sleep(self._until_next_probe())
                continue
            if not self._waiting.is_set():
                self._tried.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timing.interval):
                    await self._waiting.wait()

    async def deliver_due(self) -> None:
        """Deliver all that is due now; nothing while the peer is away."""
        if dropped := await self._drop_expired():
            self._log.warning("undelivered rows dropped", count=dropped)
        if self._is_away and not await self._peer_is_back():
            return
        while True:
            # Before the look at the database: a `wake` after it means that there may be more.
            self._waiting.clear()
            claimed = await self._rows.claim(self._timing.limit, self._timing.lease)
            if not claimed or not await self._deliver(claimed):
                return

    async def _deliver(self, claimed: Sequence[E]) -> bool:
        """Deliver, postpone or give back each; False when the peer is away."""
        size = self._timing.together
        groups = deque(claimed[place : place + size] for place in range(0, len(claimed), size))
        try:
            while groups:
                outcome = await self._try(groups[0])
                if outcome is _Outcome.AWAY:
                    await self._give_back(groups)
                    return False
                group = groups.popleft()
                if outcome is _Outcome.FAILED and len(group) > 1:
                    # One that is refused must not hold up the others.
                    groups.extendleft([entry] for entry in reversed(group))
                elif outcome is _Outcome.FAILED:
                    await self._rows.postpone(group, self._back_off(group[0].attempts))
        except asyncio.CancelledError:
            # The next process need not wait for the lease to run out.
            await self._give_back(groups)
            raise
        return True

    async def _try(self, group: Sequence[E]) -> _Outcome:
        said: dict[str, Any] = {"count": len(group), "attempts": group[0].attempts}
        try:
            await self._send(group)
        except _MAYBE_AWAY as error:
            if not await self._is_serving():
                self._is_away, self._probes = True, 0
                self._log.info("peer is away", reason=error.reason)
                return _Outcome.AWAY
            self._log.info("delivery waits", **said, reason=error.reason)
            return _Outcome.FAILED
        except Exception as error:
            self._log.error("delivery refused", **said, **where(error))
            return _Outcome.FAILED
        await self._rows.acknowledge(group)
        return _Outcome.DELIVERED

    async def _give_back(self, groups: deque[Sequence[E]]) -> None:
        if left := [entry for group in groups for entry in group]:
            await self._rows.give_back(left)

    async def _peer_is_back(self) -> bool:
        if not await self._is_serving():
            self._probes += 1
            return False
        self._is_away = False
        self._log.info("peer is back")
        return True

    def _back_off(self, attempts: int) -> float:
        return min(self._timing.longest, self._timing.interval * 2.0 ** min(attempts - 1, _DOUBLINGS))

    def _until_next_probe(self) -> float:
        return self._timing.interval * min(1.0, _FIRST_PROBE * 2.0 ** min(self._probes, _DOUBLINGS))
