"""Keeps syncing: soon after every change, and from time to time in any case."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from assistant.sync.v1 import sync_pb2

from agent.client import ServerClient
from agent.errors import AgentError, CannotRead, NotPaired, ServerAway
from agent.sync import Sync
from agent.watcher import Watcher


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often things are done, in seconds."""

    look: float = 2.0
    settle: float = 0.3
    """Messages writes a message in several steps."""
    full: float = 300.0
    away: float = 30.0


class Follow:
    """Watches one database and runs a pass when there is reason to. Ends only by cancellation, or when refused."""

    def __init__(
        self,
        sync: Sync,
        client: ServerClient,
        watcher: Watcher,
        complain: Callable[[str], None],
        rhythm: Rhythm | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sync = sync
        self._client = client
        self._watcher = watcher
        self._complain = complain
        self._rhythm = rhythm or Rhythm()
        self._pause = pause
        self._trouble = ""

    async def run(self) -> None:
        next_full = 0.0
        while True:
            try:
                due = time.monotonic() >= next_full
                if self._watcher.changed() or due:
                    await self._pause(self._rhythm.settle)
                    await self._sync.run_pass()
                    if due or self._trouble:
                        next_full = time.monotonic() + self._rhythm.full
                        await self._tell(sync_pb2.AGENT_HEALTH_OK, "")
            except CannotRead as error:
                await self._tell(sync_pb2.AGENT_HEALTH_CANNOT_READ, str(error))
            except ServerAway:
                next_full = 0.0  # the pass has said so itself; the next one asks the server where to go on
                await self._pause(self._rhythm.away)
            await self._pause(self._rhythm.look)

    async def _tell(self, health: "sync_pb2.AgentHealth.ValueType", trouble: str) -> None:
        """Say once, here and on the server, what state the agent is in."""
        if trouble and trouble == self._trouble:
            return
        if trouble:
            self._complain(trouble)
        self._trouble = trouble
        try:
            await self._client.heartbeat(health, trouble)
        except NotPaired:
            raise
        except AgentError:
            return  # it only informs; the messages themselves do not depend on it
