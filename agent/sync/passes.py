"""One pass: everything that changed in the database since the last one is brought to the server."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from assistant.sync.v1 import sync_pb2

from agent.chatdb.reader import MessagesReader
from agent.chatdb.tapbacks import TapbackIndex
from agent.client import ServerClient
from agent.contacts.source import ContactsSource
from agent.errors import CannotRead, NothingToRead
from agent.privacy import Privacy
from agent.reporting import Reporter, Summary
from agent.sync.comparison import Comparison
from agent.sync.cursor import Cursor
from agent.sync.deletions import Deletions
from agent.sync.delivery import Delivery
from agent.sync.descriptions import Descriptions
from agent.sync.limits import SyncLimits
from agent.sync.new_rows import NewRows
from agent.sync.old_rows import OldRows
from agent.sync.progress import Progress
from agent.sync.retry_policy import RetryPolicy
from agent.sync.token_renewal import TokenRenewal
from agent.token_store import TokenStore

_SECOND_NS: Final = 1_000_000_000
_DAY: Final = 86_400
# The comparison of everything runs once a day, in the night where the Mac is awake then.
_NIGHT: Final = range(2, 5)
_NOT_BEFORE: Final = _DAY // 2
_AT_LATEST: Final = _DAY * 3 // 2
# A server that was restored from a backup knows less than it said before; it is asked again from time to time.
_ASK_AGAIN_SECONDS: Final = 120.0
_NO_ADDRESS_BOOK: Final = (
    "the address book cannot be read, and whom you exclude may have more addresses in it: nothing is sent until it can be; "
    "`assistant-agent doctor` says more"
)


class Sync:
    """Passes over one database to one server. What is remembered between them saves work, and may be lost at any time."""

    def __init__(
        self,
        chat_db: Path,
        client: ServerClient,
        store: TokenStore,
        reporter: Reporter,
        limits: SyncLimits | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        privacy: Privacy | None = None,
        address_book: Path | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._chat_db = chat_db
        self._client = client
        self._reporter = reporter
        self._limits = limits or SyncLimits()
        self._privacy = privacy or Privacy()
        self._contacts = ContactsSource(address_book)
        self._now_ns = now_ns
        self._token_renewal = TokenRenewal(client, store, reporter)
        self._retry_policy = RetryPolicy(self._limits.attempts, reporter, pause)
        self._delivery = Delivery(client, self._retry_policy, reporter)
        self._new_rows = NewRows(client, self._delivery, self._retry_policy, reporter, self._limits, now_ns)
        self._old_rows = OldRows(self._delivery, self._limits)
        self._deletions = Deletions(client, self._retry_policy, self._old_rows)
        self._descriptions = Descriptions(client, self._retry_policy, self._delivery)
        self._comparison = Comparison(client, self._delivery, self._retry_policy, reporter, self._limits)
        self._tapbacks: TapbackIndex | None = None
        self._seen_up_to: int | None = None
        self._progress: Progress | None = None
        self._asked_at = 0.0

    async def run_pass(self, *, check: bool = False) -> Summary:
        """Send everything that the server does not have yet; with `check`, compare everything with it as well.

        Raises CannotRead, NothingToRead, NotPaired, and ServerAway after the last try.
        """
        cards = self._contacts.read().cards
        if self._privacy.excluded and not self._contacts.is_whole:
            raise CannotRead(_NO_ADDRESS_BOOK)
        with MessagesReader(
            self._chat_db, privacy=self._privacy, cards=cards, tapbacks=self._tapbacks, now_ns=self._now_ns
        ) as reader:
            self._tapbacks = reader.tapbacks
            if reader.is_empty():
                raise NothingToRead(self._chat_db)
            try:
                await self._retry_policy.run(self._token_renewal.run)
                summary = await self._pass(reader, check) + Summary(unreadable=len(reader.unreadable))
            except BaseException:
                # What was learned in a pass that broke off may be wrong: the next one asks the server, and looks itself.
                self._progress = None
                raise
        self._reporter.finished(summary)
        return summary

    @property
    def wants_another_pass(self) -> bool:
        """Whether something waits for time to pass: a row whose chat may follow."""
        return self._progress is not None and bool(self._progress.held.rows())

    async def _pass(self, reader: MessagesReader, check: bool) -> Summary:
        summary = Summary()
        progress = self._progress if await self._may_go_on(reader) else None
        is_first_look = progress is None
        recent_from = (self._now_ns() // _SECOND_NS - int(self._limits.window_days * _DAY)) * _SECOND_NS
        if progress is None:
            progress, summary = await self._begin(reader, recent_from)
        progress.recent_from = recent_from
        await self._descriptions.send_contacts(reader, progress, is_whole=self._contacts.is_whole)
        summary += await self._new_rows.send(reader, progress)
        summary += await self._old_rows.send_held(reader, progress)
        deletions = await self._deletions.send(reader, progress)
        summary += deletions.summary
        if is_first_look:
            summary += await self._look_at_recent(reader, progress, progress.stored if summary == Summary() else None)
        else:
            summary += await self._old_rows.send_changed(reader, progress, self._limits.window_rows)
        summary += await self._descriptions.send_chats(reader, progress)
        if check or deletions.needs_check or self._is_check_due(progress):
            summary += await self._check(reader, progress)
            self._deletions.settle(progress)
        await self._keep(progress)
        self._progress = progress
        return summary

    async def _may_go_on(self, reader: MessagesReader) -> bool:
        """Whether what this process remembers still holds, of the database and of the server."""
        if self._progress is None or not reader.holds(self._progress.cursor.place):
            return False
        if time.monotonic() - self._asked_at < _ASK_AGAIN_SECONDS:
            return True
        state = await self._retry_policy.run(self._client.sync_state)
        self._asked_at = time.monotonic()
        return state.cursor == self._progress.kept

    async def _begin(self, reader: MessagesReader, recent_from: int) -> tuple[Progress, Summary]:
        """Find out from the server where to go on."""
        state = await self._retry_policy.run(lambda: self._client.sync_state(recent_from))
        self._asked_at = time.monotonic()
        self._deletions.forget()
        self._descriptions.forget()
        cursor, last = Cursor.from_text(state.cursor), reader.last_rowid()
        if self._seen_up_to is None:
            self._seen_up_to = last
        progress = Progress(state.cursor, cursor, cursor.place.rowid, self._seen_up_to)
        progress.stored = None if state.digests_page_token else state.digests
        if cursor.place.rowid and reader.holds(cursor.place):
            return progress, Summary()
        if state.message_count:
            # Another database, or a server that has messages already: most of them will be the same.
            return progress, await self._start_over(reader, progress, last)
        progress.cursor, progress.read_up_to = Cursor(checked_at=self._now_ns() // _SECOND_NS), 0
        self._deletions.begin(reader, progress)
        return progress, Summary()

    async def _start_over(self, reader: MessagesReader, progress: Progress, last: int) -> Summary:
        """Compare everything with the server instead of sending it."""
        self._reporter.started(0, last)
        self._tapbacks = reader.tapbacks = reader.index_tapbacks()
        self._seen_up_to = progress.seen_up_to = last
        progress.cursor = Cursor()
        summary = await self._check(reader, progress, last)
        progress.cursor = progress.cursor.at(reader.place_at(last))
        progress.read_up_to = last
        await self._keep(progress)
        return summary

    async def _look_at_recent(
        self, reader: MessagesReader, progress: Progress, stored: Sequence[sync_pb2.ConversationDigest] | None
    ) -> Summary:
        """Find out what happened to recent messages while no process watched."""
        states = reader.states_since(progress.recent_from, progress.read_up_to)[-self._limits.window_rows :]
        held = set(progress.held.rows())
        summary = await self._comparison.run(reader, progress.read_up_to, progress.recent_from, stored, held)
        progress.window.replace(state for state in states if state.rowid not in held)
        return summary

    async def _check(self, reader: MessagesReader, progress: Progress, up_to: int | None = None) -> Summary:
        rows = progress.read_up_to if up_to is None else up_to
        summary = await self._comparison.run(reader, rows, held=progress.held.rows())
        progress.cursor = replace(progress.cursor, checked_at=self._now_ns() // _SECOND_NS)
        return summary

    def _is_check_due(self, progress: Progress) -> bool:
        now = self._now_ns() // _SECOND_NS
        age = now - progress.cursor.checked_at
        hour = datetime.fromtimestamp(now, UTC).astimezone().hour
        # The last one may have been made by a clock that ran ahead: it could be of next year.
        return age < 0 or age >= _AT_LATEST or (age >= _NOT_BEFORE and hour in _NIGHT)

    async def _keep(self, progress: Progress) -> None:
        """Let the server keep what the pass came to know besides messages."""
        text = progress.cursor.to_text()
        if text != progress.kept:
            await self._retry_policy.run(lambda: self._client.keep(text))
            progress.kept = text
