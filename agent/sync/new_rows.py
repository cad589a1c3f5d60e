"""Sends rows that are new, with the messages that new reactions are on."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from assistant.sync.v1 import sync_pb2

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Reading
from agent.client import ServerClient
from agent.errors import AgentError, DataRefused, ServerAway
from agent.reporting import Reporter, Summary
from agent.sync.cursor import Cursor
from agent.sync.delivery import Delivery, summary_of
from agent.sync.limits import SyncLimits
from agent.sync.progress import Progress
from agent.sync.requests import Newness, requests_of
from agent.sync.retry_policy import RetryPolicy


class NewRows:
    """The main way of messages to the server: in the order of their rows, in streams that end from time to time."""

    def __init__(
        self,
        client: ServerClient,
        delivery: Delivery,
        retry_policy: RetryPolicy,
        reporter: Reporter,
        limits: SyncLimits,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._client = client
        self._delivery = delivery
        self._retry_policy = retry_policy
        self._reporter = reporter
        self._limits = limits
        self._now_ns = now_ns

    async def send(self, reader: MessagesReader, progress: Progress) -> Summary:
        """Bring the server up to the newest row there is now. Raises ServerAway after the last try."""
        summary = Summary()
        last = reader.last_rowid()
        self._reporter.started(progress.read_up_to, last)
        known_up_to = progress.read_up_to
        failures = 0
        is_refused = False
        while progress.read_up_to < last:
            before = progress.cursor.place.rowid
            stream = _Stream(reader, progress, known_up_to, last, self._limits, self._now_ns)
            try:
                summary += await (self._one_by_one(stream) if is_refused else self._stream(stream))
                failures, is_refused = 0, False
            except DataRefused:
                if is_refused:
                    raise
                is_refused = True
                await self._go_back(reader, progress)
            except ServerAway as error:
                failures += 1
                await self._retry_policy.back_off(failures, error)
                await self._go_back(reader, progress)
                if progress.cursor.place.rowid > before:
                    failures = 0
        return summary

    async def _stream(self, stream: "_Stream") -> Summary:
        """Send one stream; what its answer acknowledges is what counts."""
        async with aclosing(stream.requests()) as requests:
            answer = await self._delivery.stream(requests)
        if answer.cursor != stream.cursor.to_text():
            raise AgentError("the server took messages but did not keep how far it got; update the server")
        self._acknowledge(stream)
        return summary_of(answer)

    async def _one_by_one(self, stream: "_Stream") -> Summary:
        """Send what the server does not have up to the next cursor: something of it was refused."""
        summary = Summary()
        async with aclosing(stream.requests()) as requests:
            async for request in requests:
                summary += await self._delivery.one_by_one([request])
                if request.cursor:
                    break
        self._acknowledge(stream)
        return summary

    def _acknowledge(self, stream: "_Stream") -> None:
        progress = stream.progress
        progress.cursor, progress.kept = stream.cursor, stream.cursor.to_text()
        progress.read_up_to = stream.read_up_to
        self._reporter.reached(progress.read_up_to)

    async def _go_back(self, reader: MessagesReader, progress: Progress) -> None:
        """Go on where the server's knowledge ends, which may lie before or behind what this process was told."""
        state = await self._retry_policy.run(self._client.sync_state)
        cursor = Cursor.from_text(state.cursor)
        if not reader.holds(cursor.place):
            cursor = Cursor()
        progress.cursor, progress.kept = replace(progress.cursor, place=cursor.place), state.cursor
        progress.read_up_to = cursor.place.rowid


class _Stream:
    """The requests of one stream, and where they end."""

    def __init__(
        self,
        reader: MessagesReader,
        progress: Progress,
        known_up_to: int,
        last: int,
        limits: SyncLimits,
        now_ns: Callable[[], int],
    ) -> None:
        self._reader = reader
        self.progress = progress
        self._known_up_to = known_up_to
        self._last = last
        self._limits = limits
        self._newness = Newness(reader.newest_date(progress.read_up_to), limits.late_ns, now_ns())
        self._described: set[str] = set()
        self.cursor = progress.cursor
        self.read_up_to = progress.read_up_to

    async def requests(self) -> AsyncGenerator[sync_pb2.SyncMessagesRequest, None]:
        """Yield as many requests as the limits allow."""
        deadline = time.monotonic() + self._limits.stream_seconds
        sent = 0
        while self.read_up_to < self._last:
            reading = self._reader.after(
                self.read_up_to, self._last, hold_from=self.progress.seen_up_to, recent_from=self.progress.recent_from
            )
            if reading is None:
                self._move_to(self._last)
                yield sync_pb2.SyncMessagesRequest(cursor=self.cursor.to_text())
                return
            # First the messages that the reactions among these rows are on: a cursor behind the reactions says that the
            # server has them.
            for touched in self._touched(reading):
                for request in requests_of(touched, self._described):
                    yield request
            self.progress.held.hold(reading.held)
            self.progress.window.learn(reading.states)
            self._move_to(reading.last_rowid)
            cursor, is_late = self.cursor.to_text(), self._newness.is_late
            for request in requests_of(reading, self._described, cursor=cursor, is_late=is_late):
                yield request
            sent += len(reading.messages)
            if sent >= self._limits.stream_messages or time.monotonic() >= deadline:
                return
            await asyncio.sleep(0)  # reading is quick work in small pieces; let others have their turn between them

    def _touched(self, reading: Reading) -> list[Reading]:
        """The messages of earlier rows that reactions in this reading are on.

        A message that is sent in this pass itself brings those with it that were there when reactions were indexed.
        """
        if not reading.targets:
            return []
        was_there = reading.last_rowid <= self._reader.tapbacks.filled_up_to
        up_to = self._known_up_to if was_there else self.read_up_to
        return self._reader.messages(reading.targets, up_to, self.progress.held.rows())

    def _move_to(self, row: int) -> None:
        self.read_up_to = row
        self.cursor = self.cursor.at(self._reader.place_at(self.progress.safe_row(row)))
