"""Pairs from the menu bar: the digits appear in the menu."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future

from agent.errors import AgentError
from agent.menu_bar.menu import PairingView
from agent.pairing import Registration

# Registers, shows what the server said, waits for the owner, and keeps the token.
Pair = Callable[[Callable[[Registration], None]], Awaitable[None]]


class MenuPairing:
    """One pairing at a time, on the agent's loop. `view` may be read from any thread."""

    def __init__(self, pair: Pair, where: Callable[[], str]) -> None:
        self._pair = pair
        self._where = where
        self._running: Future[None] | None = None
        self.view = PairingView()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, unless one waits already."""
        if self._running is None or self._running.done():
            self._running = asyncio.run_coroutine_threadsafe(self._run(), loop)

    async def _run(self) -> None:
        self.view = PairingView()
        try:
            await self._pair(self._show)
        except AgentError as error:
            self.view = PairingView(ended=f"Not paired: {error}")
        else:
            self.view = PairingView(ended="Paired")

    def _show(self, registration: Registration) -> None:
        self.view = PairingView(registration.code, f"{self._where()}/devices", registration.expires_at)
