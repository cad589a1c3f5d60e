"""Brings what is new in the Messages database to the server, and goes on after any break where the server left off."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from random import uniform
from typing import Final, TypeVar

from assistant.sync.v1 import sync_pb2

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Batch, Contact, Position
from agent.client import ServerClient
from agent.errors import AgentError, NotPaired, ServerAway
from agent.reporting import Reporter, Summary
from agent.token_store import TokenStore
from agent.wire import contacts_of, position_of, request_of

_T = TypeVar("_T")

_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 60.0


@dataclass(frozen=True, slots=True)
class SyncLimits:
    """How much goes into one stream, and how patient a pass is."""

    stream_messages: int = 100_000
    """A stream's answer is what makes its messages safe, so a stream must end from time to time; each end leaves the server
    idle for a moment."""
    stream_seconds: float = 10.0
    attempts: int | None = 7
    """How often in a row to try without getting on; None for ever."""


class Sync:
    """Passes over one database to one server. Keeps nothing between them that the server does not know better."""

    def __init__(
        self,
        chat_db: Path,
        client: ServerClient,
        store: TokenStore,
        reporter: Reporter,
        limits: SyncLimits | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._chat_db = chat_db
        self._client = client
        self._store = store
        self._reporter = reporter
        self._limits = limits or SyncLimits()
        self._pause = pause
        self._contacts: list[Contact] = []

    async def run_pass(self) -> Summary:
        """Send everything that the server does not have yet."""
        with MessagesReader(self._chat_db) as reader:
            await self._persistently(self._renew_token)
            await self._persistently(lambda: self._send_contacts(reader))
            summary = await self._send_messages(reader)
        self._reporter.finished(summary)
        return summary

    async def _send_messages(self, reader: MessagesReader) -> Summary:
        summary = Summary()
        position = await self._persistently(lambda: self._kept_position(reader))
        self._reporter.started(position.rowid, reader.last_rowid())
        failures = 0
        while (first := next(batches := reader.batches(position), None)) is not None:
            try:
                answer = await self._client.upload(self._requests(chain([first], batches)))
                reached = position_of(answer.cursor)
                summary = summary.plus(answer.received, answer.inserted, answer.updated)
                failures = 0
            except ServerAway as error:
                failures += 1
                await self._back_off(failures, error)
                reached = await self._persistently(lambda: self._kept_position(reader))
                if reached.rowid > position.rowid:
                    failures = 0
            else:
                if reached.rowid <= position.rowid:
                    raise AgentError("the server took messages but did not keep how far it got; update the server")
            position = reached
            self._reporter.reached(position.rowid)
        return summary

    def _requests(self, batches: Iterable[Batch]) -> Iterator[sync_pb2.SyncMessagesRequest]:
        """Yield the requests of one stream: as many batches as its limits allow."""
        known: set[str] = set()
        deadline = time.monotonic() + self._limits.stream_seconds
        sent = 0
        for batch in batches:
            yield request_of(batch, known)
            sent += len(batch.messages)
            if sent >= self._limits.stream_messages or time.monotonic() >= deadline:
                return

    async def _kept_position(self, reader: MessagesReader) -> Position:
        """Return where the server's knowledge of this database ends."""
        state = await self._client.sync_state()
        position = position_of(state.cursor)
        # Every write is an upsert by GUID, so reading a rebuilt database from the start doubles nothing.
        return position if reader.holds(position) else Position()

    async def _send_contacts(self, reader: MessagesReader) -> None:
        contacts = reader.contacts()
        if contacts and contacts != self._contacts:
            await self._client.send_contacts(contacts_of(contacts))
            self._contacts = contacts

    async def _renew_token(self) -> None:
        now = datetime.now().astimezone()
        if self._client.credential.is_expired(now):
            raise NotPaired("this device's token has expired")
        if self._client.credential.wants_renewal(now):
            self._store.save(await self._client.renew_token())

    async def _persistently(self, step: Callable[[], Awaitable[_T]]) -> _T:
        failures = 0
        while True:
            try:
                return await step()
            except ServerAway as error:
                failures += 1
                await self._back_off(failures, error)

    async def _back_off(self, failures: int, error: ServerAway) -> None:
        """Wait before the next try, longer each time; give up after the last one."""
        if self._limits.attempts is not None and failures >= self._limits.attempts:
            raise error
        delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (failures - 1)) * uniform(0.8, 1.2)  # noqa: S311 (no secret)
        self._reporter.waiting(delay, str(error))
        await self._pause(delay)
