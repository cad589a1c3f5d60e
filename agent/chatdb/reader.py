"""Reads messages batch by batch, in memory that does not grow with the database."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from agent.chatdb.attachments import AttachmentRow
from agent.chatdb.chats import Directory
from agent.chatdb.connection import connect, readable_errors
from agent.chatdb.dates import apple_nanoseconds, unix_nanoseconds
from agent.chatdb.deletions import Deletions
from agent.chatdb.identity import Place, database_id, highest_ever, holds, place_at
from agent.chatdb.in_lists import in_lists
from agent.chatdb.message_row import CHAT, DATE, GUID, ROWID, Row, is_guid, message_of, tapback_on
from agent.chatdb.records import Chat, Message, Reading, RowState
from agent.chatdb.rows import BYTES_PER_BATCH, ROWS_PER_BATCH, MessageRows, portions
from agent.chatdb.schema import Schema
from agent.chatdb.surroundings import Surroundings
from agent.chatdb.tapbacks import TapbackIndex, target_of
from agent.contacts.address_book import Card
from agent.contacts.people import Contact
from agent.privacy import Privacy

__all__ = ["BYTES_PER_BATCH", "ROWS_PER_BATCH", "MessagesReader"]

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
        privacy = privacy or Privacy()
        self._now_ns = now_ns
        self.unreadable: set[int] = set()
        """Rows that were left out because they hold what nobody has thought of."""
        self._connection = connect(path)
        try:
            with readable_errors(path):
                self._schema = Schema(self._connection, path)
                self._rows = MessageRows(path, self._connection, self._schema)
                self._directory = Directory(self._connection, self._schema, privacy, cards)
                self._database = database_id(self._connection, self._schema)
                self.tapbacks = tapbacks if tapbacks is not None else self.index_tapbacks()
                self.deletions = Deletions(self._connection, self._schema, path)
                self._around = Surroundings(
                    path,
                    self._connection,
                    self._schema,
                    self._rows,
                    self._directory,
                    self.deletions,
                    self.tapbacks,
                    privacy,
                )
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
        self._around.reload()

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
        rows = self._rows.batch(self._schema.messages_after, (rowid, up_to, ROWS_PER_BATCH))
        return self._reading(rows, hold_from, recent_from) if rows else None

    def rows(self, rowids: Iterable[int], *, hold_from: int | None = None) -> list[Reading]:
        """Read certain rows again; those that are gone are left out."""
        return self._looked_up(self._schema.messages_by_rowid, sorted(set(rowids)), hold_from=hold_from)

    def messages(self, guids: Iterable[str], up_to: int, held: Collection[int] = ()) -> list[Reading]:
        """Read certain messages again, of rows up to `up_to`; those that are gone, or held, are left out."""
        return self._looked_up(self._schema.messages_by_guid, list(dict.fromkeys(guids)), up_to, up_to, held)

    def states_since(self, unix_ns: int, up_to: int) -> list[RowState]:
        """Return the states of all rows with a date from then on, of rows up to `up_to`, by date."""
        rows = self._rows.all(self._schema.messages_since, (apple_nanoseconds(unix_ns), up_to))
        files = self._rows.attachments([row[ROWID] for row in rows])
        return [_state(row, files) for row in rows]

    def readings(self, since: int | None, up_to: int, held: Collection[int] = ()) -> Iterator[Reading]:
        """Read everything, or all with a date from `since` on, of rows up to `up_to`, but not those that are held."""
        if since is not None:
            rows = self._rows.all(self._schema.messages_since, (apple_nanoseconds(since), up_to))
            yield from (self._reading(portion, up_to, held=held) for portion in portions(rows))
            return
        position = 0
        while rows := self._rows.batch(self._schema.messages_after, (position, up_to, ROWS_PER_BATCH)):
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
            rows = self._rows.all(query.format(marks), tuple(part))
            wanted = [row for row in rows if up_to is None or row[ROWID] <= up_to]
            # In parts that are as large as those of a first sync.
            readings += [self._reading(portion, hold_from, held=held) for portion in portions(wanted)]
        return readings

    def _reading(
        self,
        rows: Sequence[Row],
        hold_from: int | None,
        recent_from: int | None = None,
        held: Collection[int] = (),
    ) -> Reading:
        around = self._around
        around.know_everybody(rows)
        tapbacks = [tapback_on(row) for row in rows]
        # Before the messages are read: one of them may be what a reaction right behind it is on.
        targets = [around.learn(tapback) for tapback in tapbacks if tapback is not None]
        files = self._rows.attachments_of_batch(rows)
        reactions = around.reactions(rows)
        messages: list[Message] = []
        chats: dict[str, Chat] = {}
        waiting: list[int] = []
        handles, known = self._directory.handles, self._directory.chats
        all_may_leave = around.all_may_leave
        stay = around.in_excluded_chats(rows)
        for row, tapback in zip(rows, tapbacks, strict=True):
            if tapback is not None or row[ROWID] in stay:
                continue
            if (chat := known.get(row[CHAT]) or around.other_chat(row)) is None:
                continue
            if chat.is_orphaned and (row[ROWID] in held or self._may_get_a_chat(row, hold_from)):
                waiting.append(row[ROWID])
                continue
            chats[chat.guid] = chat
            if (all_may_leave or around.may_leave(row)) and is_guid(row[GUID]):
                try:
                    message = message_of(row, chat, handles, files.get(row[ROWID], ()), reactions.get(row[GUID], ()))
                except Exception:  # whatever it is: a process that ends here would meet the same row at its next start
                    self.unreadable.add(row[ROWID])
                    continue
                messages.append(message if message.extra is None else around.without_excluded(message, message.extra))
        since = None if recent_from is None else apple_nanoseconds(recent_from)
        states = [] if since is None else [_state(row, files) for row in rows if (row[DATE] or 0) >= since]
        return Reading(messages, list(chats.values()), targets, waiting, rows[-1][ROWID], states)

    def _may_get_a_chat(self, row: Row, hold_from: int | None) -> bool:
        if hold_from is None:
            return False
        written = unix_nanoseconds(row[DATE])
        return row[ROWID] > hold_from or (written is not None and self._now_ns() - written < _HOLD_WITHOUT_CHAT_NS)


def _state(row: Row, files: dict[int, list[AttachmentRow]]) -> RowState:
    associated = tapback_on(row)
    signature = hash((row, tuple(files.get(row[ROWID], ()))))
    return RowState(row[ROWID], signature, target_of(associated)[1] if associated else "")
