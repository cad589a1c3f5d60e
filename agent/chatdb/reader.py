"""Reads the messages after a position, batch by batch, in memory that does not grow with the database."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from agent.chatdb.chats import Directory
from agent.chatdb.connection import connect, lenient_text, readable_errors
from agent.chatdb.dates import unix_nanoseconds
from agent.chatdb.message_row import message_of
from agent.chatdb.records import Batch, Chat, Contact, Message, Position
from agent.chatdb.schema import Schema

ROWS_PER_BATCH: Final = 500
BYTES_PER_BATCH: Final = 200_000  # of text and blobs, so that the encoded batch stays below 250 KB
_ROW_OVERHEAD: Final = 100
# A row may be written a moment before the row that puts it into a chat.
_HOLD_WITHOUT_CHAT_NS: Final = 30_000_000_000

_ROWID: Final = 0
_GUID: Final = 1
_TEXT: Final = 2
_BODY: Final = 3
_DATE: Final = 4

_Row: TypeAlias = tuple[Any, ...]


class MessagesReader:
    """The Messages database, open for reading. Every batch is one short read transaction."""

    def __init__(self, path: Path, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self._now_ns = now_ns
        self._connection = connect(path)
        try:
            with readable_errors(path):
                self._schema = Schema(self._connection, path)
                self._directory = Directory(self._connection, self._schema)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def contacts(self) -> list[Contact]:
        """Return the people whose names the database knows, in a stable order."""
        return self._directory.contacts()

    def last_rowid(self) -> int:
        """Return the newest row's number, 0 if there is none."""
        with readable_errors(self._path):
            return int(self._connection.execute("SELECT max(ROWID) FROM message").fetchone()[0] or 0)

    def holds(self, position: Position) -> bool:
        """Return whether the position was taken in this database, as far as can be told.

        False when its row now holds another message, or when the numbering has not come that far: the database was
        rebuilt or replaced, and everything must be read again. A row that is gone was deleted, and tells nothing.
        """
        if position.rowid == 0:
            return True
        with readable_errors(self._path):
            query = "SELECT guid FROM message WHERE ROWID = ?"
            row = self._connection.execute(query, (position.rowid,)).fetchone()
            return row[0] == position.guid if row else self._highest_rowid_ever() >= position.rowid

    def batches(self, after: Position) -> Iterator[Batch]:
        """Yield everything behind the position, in the order in which the rows were written."""
        with readable_errors(self._path):
            self._directory.reload()
        position = after
        while (batch := self._batch(position)) is not None:
            yield batch
            position = batch.position

    def _batch(self, after: Position) -> Batch | None:
        with readable_errors(self._path):
            rows = self._rows(after)
        messages: list[Message] = []
        chats: dict[str, Chat] = {}
        last: _Row | None = None
        for row in rows:
            if last is not None and row[_ROWID] == last[_ROWID]:
                continue  # in a second chat as well; the first one counts
            chat = self._chat(row[-1])
            if chat is None:
                # At the end, wait for its chat; once later messages have theirs, it will get none any more.
                last = last if self._may_get_a_chat(row) else row
                continue
            last = row
            chats[chat.guid] = chat
            message = message_of(row, chat, self._handle(row))
            if message is not None:
                messages.append(message)
        if last is None:
            return None
        return Batch(messages, list(chats.values()), Position(last[_ROWID], last[_GUID]))

    def _rows(self, after: Position) -> list[_Row]:
        try:
            return self._fetch(after)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) is not None or "UTF-8" not in str(error):
                raise
        # One broken text must not stop the others; decoding leniently is slow, so only this batch pays for it.
        with lenient_text(self._connection):
            return self._fetch(after)

    def _fetch(self, after: Position) -> list[_Row]:
        rows: list[_Row] = []
        size = 0
        cursor = self._connection.execute(self._schema.messages, (after.rowid, ROWS_PER_BATCH))
        try:
            for row in cursor:
                rows.append(row)
                size += _ROW_OVERHEAD + len(row[_BODY] or row[_TEXT] or "")
                if size >= BYTES_PER_BATCH:
                    break
        finally:
            cursor.close()  # ends the read transaction, so that Messages can fold its log back in
        return rows

    def _chat(self, chat_id: int | None) -> Chat | None:
        if chat_id is None:
            return None
        chat = self._directory.chats.get(chat_id)
        if chat is None:
            with readable_errors(self._path):
                self._directory.reload()
            chat = self._directory.chats.get(chat_id)
        return chat

    def _handle(self, row: _Row) -> str:
        return self._directory.handles.get(row[6], "")

    def _may_get_a_chat(self, row: _Row) -> bool:
        written = unix_nanoseconds(row[_DATE])
        return written is not None and self._now_ns() - written < _HOLD_WITHOUT_CHAT_NS

    def _highest_rowid_ever(self) -> int:
        query = "SELECT seq FROM sqlite_sequence WHERE name = 'message'"
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0
