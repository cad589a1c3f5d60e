"""Keeps syncing: soon after every change, and from time to time in any case."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from assistant.sync.v1 import sync_pb2

from agent.client import ServerClient
from agent.controls import Controls
from agent.errors import AgentError, CannotRead, NotPaired, ServerAway
from agent.reporting import Reporter, Trouble
from agent.sync import Sync
from agent.troubles import trouble_of
from agent.watch import ChangeSource
from agent.watch.polling import Polling
from agent.watcher import Watcher

_Health: TypeAlias = "sync_pb2.AgentHealth.ValueType"
# What a pass that succeeds disproves.
_ENDED_BY_A_PASS: Final = {sync_pb2.AGENT_HEALTH_CANNOT_READ, sync_pb2.AGENT_HEALTH_PAUSED}
# Beyond this, times that the two clocks give would look wrong to a person.
_TOLERATED_SKEW: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often things are done, in seconds."""

    look: float = 2.0
    """The longest time until a change is noticed, where the system tells of none."""
    settle: float = 0.3
    """The wait between a change and the pass: Messages writes a message in several steps."""
    full: float = 300.0
    """The longest time between two passes, and the wait after the server has refused something."""
    away: float = 30.0
    """The wait after a pass that found the server away."""


class Follow:
    """Watches one database and runs a pass when there is reason to. Ends only by cancellation, or when refused."""

    def __init__(
        self,
        sync: Sync,
        client: ServerClient,
        watcher: Watcher,
        reporter: Reporter,
        controls: Controls | None = None,
        intervals: Intervals | None = None,
        *,
        source: ChangeSource | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sync = sync
        self._client = client
        self._watcher = watcher
        self._reporter = reporter
        self._controls = controls or Controls()
        self._intervals = intervals or Intervals()
        self._source = source or Polling()
        self._pause = pause
        self._next_full = 0.0
        self._told: tuple[_Health, str] | None = None
        self._is_skewed = False

    async def run(self) -> None:
        """Go on for ever. Raises NotPaired when the server refuses this device."""
        self._controls.attach()
        while True:
            if self._controls.paused:
                await self._tell(sync_pb2.AGENT_HEALTH_PAUSED, "")
                await self._controls.wait(self._intervals.full)
                continue
            try:
                await self._look()
            except CannotRead as error:
                await self._cannot(error)
            except NotPaired:
                raise
            except AgentError as error:
                self._reporter.trouble(trouble_of(error), str(error))
                self._next_full, self._told = 0.0, None
                await self._controls.wait(
                    self._intervals.away if isinstance(error, ServerAway) else self._intervals.full
                )
                continue
            await self._wait(self._intervals.look)

    async def _look(self) -> None:
        due = time.monotonic() >= self._next_full
        wanted = self._controls.take_sync_wanted()
        if not (self._watcher.changed() or due or wanted or self._sync.wants_another_pass):
            return
        await self._pause(self._intervals.settle)
        try:
            await self._sync.run_pass()
        except AgentError:
            self._next_full = 0.0  # the change that led here is not brought over yet
            raise
        if due or wanted or (self._told is not None and self._told[0] in _ENDED_BY_A_PASS):
            self._next_full = time.monotonic() + self._intervals.full
            self._told = None
            await self._tell(sync_pb2.AGENT_HEALTH_OK, "")

    async def _cannot(self, error: CannotRead) -> None:
        """Say what keeps the database from being read."""
        self._next_full = 0.0
        self._reporter.trouble(trouble_of(error), str(error))
        await self._tell(sync_pb2.AGENT_HEALTH_CANNOT_READ, str(error))

    async def _wait(self, seconds: float) -> None:
        """Wait until something may have changed, somebody wants something, or the time is over."""
        waits = [asyncio.ensure_future(self._source.wait(seconds)), asyncio.ensure_future(self._controls.wait(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _tell(self, health: _Health, message: str) -> None:
        """Say on the server in which state the agent is, once as long as it stays the same."""
        if self._told == (health, message):
            return
        try:
            server_time = await self._client.heartbeat(health, message)
        except NotPaired:
            raise
        except AgentError:
            return  # it only informs; the messages themselves do not depend on it
        self._told = (health, message)
        await self._compare_clocks(server_time, health)

    async def _compare_clocks(self, server_time: datetime, health: _Health) -> None:
        skew = datetime.now(UTC) - server_time
        was_skewed, self._is_skewed = self._is_skewed, abs(skew) > _TOLERATED_SKEW
        if not self._is_skewed:
            if was_skewed:
                self._reporter.well()
            return
        direction = "ahead of" if skew > timedelta() else "behind"
        text = (
            f"this machine's clock is {abs(skew).total_seconds():,.0f} s {direction} the server's; "
            "set both to network time, or messages show at wrong times"
        )
        self._reporter.trouble(Trouble.CLOCK_SKEW, text)
        if health == sync_pb2.AGENT_HEALTH_OK:
            await self._tell(sync_pb2.AGENT_HEALTH_WARNING, text)
