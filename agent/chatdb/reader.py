"""Reads messages batch by batch, in memory that does not grow with the database."""

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from agent.chatdb import attachments as attachment_rows
from agent.chatdb.chats import Directory
from agent.chatdb.connection import connect, lenient_text, readable_errors
from agent.chatdb.dates import apple_nanoseconds, unix_nanoseconds
from agent.chatdb.deletions import Deletions
from agent.chatdb.identity import Place, database_id, highest_ever, holds, place_at
from agent.chatdb.in_lists import in_lists
from agent.chatdb.message_row import (
    BODY,
    CHAT,
    DATE,
    GUID,
    HANDLE,
    OTHER_HANDLE,
    ROOM,
    ROWID,
    SUMMARY_INFO,
    TEXT,
    Row,
    is_guid,
    message_of,
    tapback_on,
)
from agent.chatdb.records import Chat, Extra, Message, Reaction, Reading, RowState
from agent.chatdb.schema import Schema
from agent.chatdb.tapbacks import TapbackIndex, find_tapbacks, standing, target_of
from agent.contacts.address_book import Card
from agent.contacts.people import Contact
from agent.privacy import Privacy

ROWS_PER_BATCH: Final = 500
BYTES_PER_BATCH: Final = 200_000  # of text and blobs, so that the encoded batch stays below 250 KB
_ROW_OVERHEAD: Final = 100
_ROWS_AT_ONCE: Final = 20
# A row may be written a moment before the row that puts it into a chat.
_HOLD_WITHOUT_CHAT_NS: Final = 30_000_000_000


class MessagesReader:
    """The Messages database, open for reading. Every batch is one short read transaction."""

    def __init__(
        self,
        path: Path,
        *,
        privacy: Privacy | None = None,
        cards: tuple[Card, ...] = (),
        tapbacks: TapbackIndex | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._path = path
        self._privacy = privacy or Privacy()
        self._since = self._earliest()
        self._now_ns = now_ns
        self._strange: set[tuple[str, int]] = set()
        """Chats and handles that rows name and that are not there."""
        self.unreadable: set[int] = set()
        """Rows that were left out because they hold what nobody has thought of."""
        self._connection = connect(path)
        try:
            with readable_errors(path):
                self._schema = Schema(self._connection, path)
                self._directory = Directory(self._connection, self._schema, self._privacy, cards)
                self._database = database_id(self._connection, self._schema)
                self.tapbacks = tapbacks if tapbacks is not None else self.index_tapbacks()
                self.deletions = Deletions(self._connection, self._schema, path)
                self.reload()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def index_tapbacks(self) -> TapbackIndex:
        """Look through all reactions once; the index can serve later readers of the same database."""
        index = TapbackIndex()
        if self._schema.tapbacks is not None:
            with readable_errors(self._path):
                index.fill(self._connection)
        return index

    def reload(self) -> None:
        """Read chats, handles and deletions again."""
        with readable_errors(self._path):
            self._directory.reload()
            self.deletions.reload()

    def chats(self) -> list[Chat]:
        """Return all chats that have messages and may leave the Mac."""
        return self._directory.used

    def contacts(self) -> list[Contact]:
        """Return the people whose names are known, in a stable order."""
        return self._directory.contacts()

    def last_rowid(self) -> int:
        """Return the newest row's number, 0 if there is none."""
        with readable_errors(self._path):
            return int(self._connection.execute("SELECT max(ROWID) FROM message").fetchone()[0] or 0)

    def is_empty(self) -> bool:
        """Return whether there was never a message: nobody has signed in to Messages."""
        with readable_errors(self._path):
            return highest_ever(self._connection) == 0 and self.last_rowid() == 0

    def newest_date(self, up_to: int) -> int:
        """Return the latest moment at which a message up to this row was sent, in nanoseconds since 1970; 0 if none was."""
        query = "SELECT CAST(date AS INTEGER) FROM message WHERE ROWID <= ? AND date <= ? ORDER BY date DESC LIMIT 1"
        with readable_errors(self._path):
            row = self._connection.execute(query, (up_to, apple_nanoseconds(self._now_ns()))).fetchone()
        return (unix_nanoseconds(row[0]) or 0) if row else 0

    def place_at(self, rowid: int) -> Place:
        """Return by what this database can be known again, when it has been read up to a row."""
        with readable_errors(self._path):
            return place_at(self._connection, rowid, self._database)

    def holds(self, place: Place) -> bool:
        """Return whether the place was taken in this database; see `identity.holds`."""
        with readable_errors(self._path):
            return holds(self._connection, place, self._database)

    def after(
        self, rowid: int, up_to: int, *, hold_from: int | None = None, recent_from: int | None = None
    ) -> Reading | None:
        """Return what the rows behind `rowid` hold, up to `up_to`; None when there are none.

        A row without a chat is held back when it was written a moment ago, or lies behind `hold_from`: its chat may follow.
        The states of rows are told for those with a date from `recent_from` on, in nanoseconds since 1970.
        """
        rows = self._fetch(self._schema.messages_after, (rowid, up_to, ROWS_PER_BATCH))
        return self._reading(rows, hold_from, recent_from) if rows else None

    def rows(self, rowids: Iterable[int], *, hold_from: int | None = None) -> list[Reading]:
        """Read certain rows again; those that are gone are left out."""
        return self._looked_up(self._schema.messages_by_rowid, sorted(set(rowids)), hold_from=hold_from)

    def messages(self, guids: Iterable[str], up_to: int, held: Collection[int] = ()) -> list[Reading]:
        """Read certain messages again, of rows up to `up_to`; those that are gone, or held, are left out."""
        return self._looked_up(self._schema.messages_by_guid, list(dict.fromkeys(guids)), up_to, up_to, held)

    def states_since(self, unix_ns: int, up_to: int) -> list[RowState]:
        """Return the states of all rows with a date from then on, of rows up to `up_to`, by date."""
        rows = self._all(self._schema.messages_since, (apple_nanoseconds(unix_ns), up_to))
        files = self._attachments([row[ROWID] for row in rows])
        return [_state(row, files) for row in rows]

    def readings(self, since: int | None, up_to: int, held: Collection[int] = ()) -> Iterator[Reading]:
        """Read everything, or all with a date from `since` on, of rows up to `up_to`, but not those that are held."""
        if since is not None:
            rows = self._all(self._schema.messages_since, (apple_nanoseconds(since), up_to))
            yield from (self._reading(portion, up_to, held=held) for portion in _portions(rows))
            return
        position = 0
        while rows := self._fetch(self._schema.messages_after, (position, up_to, ROWS_PER_BATCH)):
            yield self._reading(rows, up_to, held=held)
            position = rows[-1][ROWID]

    def alive(self, guids: Sequence[str]) -> set[str]:
        """Return which of these messages are in the database and not in Recently Deleted."""
        found = set()
        with readable_errors(self._path):
            for marks, values in in_lists(guids):
                query = f"SELECT ROWID, guid FROM message WHERE guid IN ({marks})"  # noqa: S608 (question marks)
                for rowid, guid in self._connection.execute(query, values):
                    if rowid not in self.deletions.recent_rows:
                        found.add(guid)
        return found

    def _looked_up(
        self,
        query: str,
        values: Sequence[Any],
        up_to: int | None = None,
        hold_from: int | None = None,
        held: Collection[int] = (),
    ) -> list[Reading]:
        readings = []
        for marks, part in in_lists(values):
            rows = self._all(query.format(marks), tuple(part))
            wanted = [row for row in rows if up_to is None or row[ROWID] <= up_to]
            # In parts that are as large as those of a first sync.
            readings += [self._reading(portion, hold_from, held=held) for portion in _portions(wanted)]
        return readings

    def _reading(
        self,
        rows: Sequence[Row],
        hold_from: int | None,
        recent_from: int | None = None,
        held: Collection[int] = (),
    ) -> Reading:
        self._know_everybody(rows)
        tapbacks = [tapback_on(row) for row in rows]
        # Before the messages are read: one of them may be what a reaction right behind it is on.
        targets = [self._learn(tapback) for tapback in tapbacks if tapback is not None]
        files = self._attachments_of_batch(rows)
        reactions = self._reactions(rows)
        messages: list[Message] = []
        chats: dict[str, Chat] = {}
        waiting: list[int] = []
        handles, known = self._directory.handles, self._directory.chats
        all_may_leave = self._since is None and not self._directory.excluded_handles
        stay = self._in_excluded_chats(rows)
        for row, tapback in zip(rows, tapbacks, strict=True):
            if tapback is not None or row[ROWID] in stay:
                continue
            if (chat := known.get(row[CHAT]) or self._other_chat(row)) is None:
                continue
            if chat.is_orphaned and (row[ROWID] in held or self._may_get_a_chat(row, hold_from)):
                waiting.append(row[ROWID])
                continue
            chats[chat.guid] = chat
            if (all_may_leave or self._may_leave(row)) and is_guid(row[GUID]):
                try:
                    message = message_of(row, chat, handles, files.get(row[ROWID], ()), reactions.get(row[GUID], ()))
                except Exception:  # whatever it is: a process that ends here would meet the same row at its next start
                    self.unreadable.add(row[ROWID])
                    continue
                messages.append(message if message.extra is None else self._without_excluded(message, message.extra))
        since = None if recent_from is None else apple_nanoseconds(recent_from)
        states = [] if since is None else [_state(row, files) for row in rows if (row[DATE] or 0) >= since]
        return Reading(messages, list(chats.values()), targets, waiting, rows[-1][ROWID], states)

    def _learn(self, associated_guid: str) -> str:
        """Learn of a reaction; return the message that it is on."""
        self.tapbacks.add(associated_guid)
        return target_of(associated_guid)[1]

    def _know_everybody(self, rows: Sequence[Row]) -> None:
        """Read chats and handles again when these rows name one that has just been added."""
        directory = self._directory
        chats = {row[CHAT] for row in rows} - directory.chats.keys() - directory.excluded_chats
        handles = {row[HANDLE] for row in rows} | {row[OTHER_HANDLE] for row in rows}
        strange = {("chat", chat) for chat in chats} | self._strange_handles(handles)
        strange -= self._strange | {("chat", None)}
        if strange:
            self._strange |= strange  # what is not there after this will not be there later
            self.reload()
        elif None in {row[CHAT] for row in rows}:
            self.deletions.reload()  # a message loses its chat when it is put into Recently Deleted, also just now

    def _know_handles(self, handles: set[int]) -> None:
        """Read handles again when one of these has just been added."""
        if strange := self._strange_handles(handles) - self._strange:
            self._strange |= strange
            self.reload()

    def _strange_handles(self, handles: set[int]) -> set[tuple[str, int]]:
        return {("handle", handle) for handle in handles - self._directory.handles.keys() if handle}

    def _other_chat(self, row: Row) -> Chat | None:
        """Where a row goes whose chat is not known; None when it may not leave the Mac, or is in Recently Deleted."""
        if row[CHAT] in self._directory.excluded_chats or row[ROWID] in self.deletions.recent_rows:
            return None
        if row[CHAT] is not None:
            for _, chat in self._chats_of([row[ROWID]]):
                if chat in self._directory.chats:
                    return self._directory.chats[chat]
        room = (row[ROOM] or "").replace("\0", "")  # as the directory has it
        return self._directory.orphans_chat(room, row[HANDLE] or 0)

    def _in_excluded_chats(self, rows: Sequence[Row]) -> set[int]:
        """The rows that are in a chat that may not leave the Mac, be it one of two."""
        excluded = self._directory.excluded_chats
        if not excluded:
            return set()
        return {message for message, chat in self._chats_of([row[ROWID] for row in rows]) if chat in excluded}

    def _chats_of(self, rowids: Sequence[int]) -> list[tuple[int, int]]:
        """The chats of these messages, by message and the oldest chat first."""
        found: list[tuple[int, int]] = []
        with readable_errors(self._path), lenient_text(self._connection):
            for marks, values in in_lists(rowids):
                query = f"SELECT message_id, chat_id FROM chat_message_join WHERE message_id IN ({marks})"  # noqa: S608
                found += self._connection.execute(f"{query} ORDER BY message_id, chat_id", values).fetchall()
        return found

    def _may_leave(self, row: Row) -> bool:
        """Whether the owner lets this message leave the Mac."""
        excluded = self._directory.excluded_handles
        if excluded and (row[HANDLE] in excluded or row[OTHER_HANDLE] in excluded):
            return False
        return self._since is None or (unix_nanoseconds(row[DATE]) or 0) >= self._since

    def _without_excluded(self, message: Message, extra: Extra) -> Message:
        """The message without mentions of those whom the owner excluded."""
        if not extra.mentions or not self._directory.excluded_handles:
            return message
        mentions = tuple(one for one in extra.mentions if not self._directory.names_excluded(one.handle))
        return message._replace(extra=extra._replace(mentions=mentions))

    def _may_get_a_chat(self, row: Row, hold_from: int | None) -> bool:
        if hold_from is None:
            return False
        written = unix_nanoseconds(row[DATE])
        return row[ROWID] > hold_from or (written is not None and self._now_ns() - written < _HOLD_WITHOUT_CHAT_NS)

    def _reactions(self, rows: Sequence[Row]) -> dict[str, tuple[Reaction, ...]]:
        if self._schema.tapbacks is None:
            return {}
        asked = [row[GUID] for row in rows if self.tapbacks.may_have(row[GUID])]
        if not asked:
            return {}
        with readable_errors(self._path), lenient_text(self._connection):
            found = find_tapbacks(self._connection, self._schema.tapbacks, self.tapbacks, asked)
        self._know_handles({row.handle_id for rows_of in found.values() for row in rows_of})
        excluded, handles = self._directory.excluded_handles, self._directory.handles
        silent = {row[GUID]: self._only_other(row) for row in rows if row[GUID] in found}
        return {
            guid: standing(
                (row for row in rows_of if row.from_me or row.handle_id not in excluded), handles, silent.get(guid, "")
            )
            for guid, rows_of in found.items()
        }

    def _only_other(self, row: Row) -> str:
        """Who reacts where the row does not say: in a one-to-one chat there is only one; elsewhere nobody knows."""
        chat = self._directory.chats.get(row[CHAT])
        return "" if chat is None or chat.is_group else chat.identifier

    def _attachments_of_batch(self, rows: Sequence[Row]) -> dict[int, list[attachment_rows.AttachmentRow]]:
        first, last = min(row[ROWID] for row in rows), max(row[ROWID] for row in rows)
        query = self._schema.attachments_between
        if query is None:
            return {}
        if last - first > 4 * len(rows):
            return self._attachments([row[ROWID] for row in rows])
        with readable_errors(self._path), lenient_text(self._connection):
            return attachment_rows.rows_between(self._connection, query, first, last)

    def _attachments(self, rowids: Sequence[int]) -> dict[int, list[attachment_rows.AttachmentRow]]:
        if self._schema.attachments_of is None:
            return {}
        with readable_errors(self._path), lenient_text(self._connection):
            return attachment_rows.rows_of(self._connection, self._schema.attachments_of, rowids)

    def _all(self, query: str, values: tuple[Any, ...]) -> list[Row]:
        with readable_errors(self._path), lenient_text(self._connection, keep_zeros=True):
            return self._connection.execute(query, values).fetchall()

    def _fetch(self, query: str, values: tuple[Any, ...]) -> list[Row]:
        with readable_errors(self._path):
            try:
                return self._first_portion(query, values)
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", None) is not None or "UTF-8" not in str(error):
                    raise
            # One broken text must not stop the others; decoding leniently is slow, so only this batch pays for it.
            with lenient_text(self._connection, keep_zeros=True):
                return self._first_portion(query, values)

    def _first_portion(self, query: str, values: tuple[Any, ...]) -> list[Row]:
        rows: list[Row] = []
        size = 0
        cursor = self._connection.execute(query, values)
        try:
            # A few at a time: one of them may hold megabytes.
            while size < BYTES_PER_BATCH and (some := cursor.fetchmany(_ROWS_AT_ONCE)):
                rows += some
                size += _ROW_OVERHEAD * len(some)
                size += sum([len(row[BODY] or row[TEXT] or "") + len(row[SUMMARY_INFO] or b"") for row in some])
        finally:
            cursor.close()  # ends the read transaction, so that Messages can fold its log back in
        return next(iter(_portions(rows))) if size > 2 * BYTES_PER_BATCH else rows

    def _earliest(self) -> int | None:
        since = self._privacy.since
        return None if since is None else int(since.timestamp()) * 1_000_000_000


def _state(row: Row, files: dict[int, list[attachment_rows.AttachmentRow]]) -> RowState:
    associated = tapback_on(row)
    signature = hash((row, tuple(files.get(row[ROWID], ()))))
    return RowState(row[ROWID], signature, target_of(associated)[1] if associated else "")


def _size(row: Row) -> int:
    return _ROW_OVERHEAD + len(row[BODY] or row[TEXT] or "") + len(row[SUMMARY_INFO] or b"")


def _portions(rows: Sequence[Row]) -> Iterable[list[Row]]:
    portion: list[Row] = []
    size = 0
    for row in rows:
        portion.append(row)
        size += _size(row)
        if size >= BYTES_PER_BATCH or len(portion) >= ROWS_PER_BATCH:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion
