"""Hearing what other processes, and this one, changed: the one connection that listens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from svc_kit.logs import where
from svc_kit.settings import DatabaseSettings
from sync_svc.domain.watch_board import WatchBoard
from sync_svc.storage.change_notices import CHANNEL, told

_CONNECT_S = 5.0
# A connection whose other end vanished says nothing of it by itself.
_LOOK_S = 15.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0


class ChangeFeed:
    """Brings notices to the board, on a new connection whenever one is lost."""

    def __init__(self, settings: DatabaseSettings, application: str, board: WatchBoard) -> None:
        self._settings = settings
        self._application = application
        self._board = board
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Listen for ever."""
        pause = _FIRST_PAUSE_S
        while True:
            try:
                connection = await self._connect()
                try:
                    pause = _FIRST_PAUSE_S
                    await self._listen(connection)
                finally:
                    with suppress(Exception):
                        await connection.close(timeout=_CONNECT_S)
            except Exception as error:  # The database is away, and comes back.
                self._log.warning("changes are not heard of", **where(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _connect(self) -> asyncpg.Connection[Any]:
        return await asyncpg.connect(
            host=self._settings.host,
            port=self._settings.port,
            user=self._settings.user,
            password=self._settings.password.get_secret_value() or None,
            database=self._settings.name,
            timeout=_CONNECT_S,
            command_timeout=_CONNECT_S,
            server_settings={"application_name": f"{self._application} listens"},
        )

    async def _listen(self, connection: asyncpg.Connection[Any]) -> None:
        """Listen until the connection is lost."""
        is_lost = asyncio.Event()
        connection.add_termination_listener(lambda _: is_lost.set())
        await connection.add_listener(CHANNEL, self._hear)
        # Nobody heard what was told before.
        self._board.post_all()
        while not is_lost.is_set():
            try:
                async with asyncio.timeout(_LOOK_S):
                    await is_lost.wait()
            except TimeoutError:
                await connection.execute("SELECT 1")

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        try:
            account_id, changes = told(str(payload))
        except (ValueError, KeyError, TypeError):  # of another version
            self._board.post_all()
        else:
            self._board.post(account_id, changes)
