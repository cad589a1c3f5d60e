"""Plays a history: things happen on the Mac, the agent syncs, processes die, and the server must show what the model says."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from agent.errors import AgentError
from agent.reporting import Summary
from agent.sync import SyncLimits
from tests.chatdb_builder import ANA
from tests.histories.mac import Mac
from tests.histories.steps import Step
from tests.histories.world import World, new_account
from tests.integration.agent.agent_run import AgentRun, agent_at

# Small parts, so that a break meets something half done.
_LIMITS = SyncLimits(stream_messages=60, attempts=200)
_BREAK_AT_MOST = 25_000  # bytes; a first sync of a typical history is half of it


class History:
    """One Mac, one account, and the agent between them."""

    def __init__(self, world: World, path: Path, seed: int) -> None:
        self._world = world
        self._mac = Mac(path, seed)
        self._account, self._device = new_account()
        self._agent: AgentRun | None = None
        self._connections = AsyncExitStack()

    async def play(self, steps: Sequence[Step]) -> None:
        """Do all steps, settle at the end, and once more with everything compared."""
        try:
            for step in steps:
                await self._do(step)
            await self._settle()
            summary = await self._settle(check=True)
            assert summary == Summary(kept=summary.kept), "there was still something to do after everything was settled"
        finally:
            await self._lose_agent()
            self._mac.db.close()

    async def _do(self, step: Step) -> None:
        if step.what == "settle":
            await self._settle()
        elif step.what == "agent_dies":
            await self._agent_dies(step.pick * 7 % _BREAK_AT_MOST)
        elif step.what == "wire_breaks":
            await self._wire_breaks(step.pick * 7 % _BREAK_AT_MOST)
        elif step.what == "server_dies":
            await self._during_a_pass(self._world.kill_server())
        elif step.what == "database_dies":
            await self._during_a_pass(self._world.kill_database())
        else:
            if step.what.startswith("rebuild"):
                await self._settle()  # what was deleted and not yet told would leave no trace behind
            self._mac.do(step)

    async def _settle(self, *, check: bool = False) -> Summary:
        self._mac.settle()
        agent = await self._living_agent()
        summary = await agent.sync.run_pass(check=check or self._mac.needs_check)
        self._mac.needs_check = False
        seen, conversations = await self._world.seen(self._account)
        expected = self._mac.model.on_server()
        assert seen == expected
        chats = {message.chat for message in expected.values()}
        anas = frozenset(chat for chat in chats if chat.endswith(ANA))
        assert conversations == {frozenset([chat]) for chat in chats - anas} | ({anas} if anas else set())
        return summary

    async def _agent_dies(self, after_bytes: int) -> None:
        """The agent is killed when its pass has sent so much, or at its end; nobody says goodbye."""
        self._break_next_connection(after_bytes)
        agent, breaks = await self._living_agent(), self._world.link.breaks
        running = asyncio.create_task(agent.sync.run_pass())
        async with asyncio.timeout(30):
            while not running.done() and self._world.link.breaks == breaks:
                await asyncio.sleep(0)
        running.cancel()
        with suppress(asyncio.CancelledError, AgentError):
            await running
        self._world.link.break_after = []
        await self._lose_agent()

    async def _wire_breaks(self, after_bytes: int) -> None:
        self._break_next_connection(after_bytes)
        await (await self._living_agent()).sync.run_pass()
        self._world.link.break_after = []

    async def _during_a_pass(self, disaster: Awaitable[None]) -> None:
        agent = await self._living_agent()
        running = asyncio.create_task(agent.sync.run_pass())
        await asyncio.sleep(0)
        await disaster
        await running

    def _break_next_connection(self, after_bytes: int) -> None:
        self._world.link.cut()
        self._world.link.break_after = [after_bytes]

    async def _living_agent(self) -> AgentRun:
        """The agent that runs; a new one if the last one died."""
        if self._agent is None:
            token = self._world.token(self._account, self._device)
            agent = agent_at(self._world.link.port, self._mac.db.path, token=token, limits=_LIMITS, on_pause=_breathe)
            self._agent = await self._connections.enter_async_context(agent)
        return self._agent

    async def _lose_agent(self) -> None:
        await self._connections.aclose()
        self._agent = None


async def _breathe() -> None:
    """Wait for a process that is starting again: there is no event on this side of the wire."""
    await asyncio.sleep(0.02)
