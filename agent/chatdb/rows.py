"""Rows of messages and what is joined to them, in short read transactions and in portions that stay small."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from agent.chatdb.attachments import AttachmentRow, rows_between, rows_of
from agent.chatdb.connection import lenient_text, readable_errors
from agent.chatdb.in_lists import in_lists
from agent.chatdb.message_row import BODY, ROWID, SUMMARY_INFO, TEXT, Row
from agent.chatdb.schema import Schema

ROWS_PER_BATCH: Final = 500
BYTES_PER_BATCH: Final = 200_000  # of text and blobs, so that the encoded batch stays below 250 KB
_ROW_OVERHEAD: Final = 100
_ROWS_AT_ONCE: Final = 20


class MessageRows:
    """Looks rows up, and holds none."""

    def __init__(self, path: Path, connection: sqlite3.Connection, schema: Schema) -> None:
        self._path = path
        self._connection = connection
        self._schema = schema

    def batch(self, query: str, values: tuple[Any, ...]) -> list[Row]:
        """The first rows, no more than a batch may hold."""
        with readable_errors(self._path):
            try:
                return self._first_portion(query, values)
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", None) is not None or "UTF-8" not in str(error):
                    raise
            # One broken text must not stop the others; decoding leniently is slow, so only this batch pays for it.
            with lenient_text(self._connection, keep_zeros=True):
                return self._first_portion(query, values)

    def all(self, query: str, values: tuple[Any, ...]) -> list[Row]:
        """All rows."""
        with readable_errors(self._path), lenient_text(self._connection, keep_zeros=True):
            return self._connection.execute(query, values).fetchall()

    def chats_of(self, rowids: Sequence[int]) -> list[tuple[int, int]]:
        """The chats of these messages, by message and the oldest chat first."""
        found: list[tuple[int, int]] = []
        with readable_errors(self._path), lenient_text(self._connection):
            for marks, values in in_lists(rowids):
                query = f"SELECT message_id, chat_id FROM chat_message_join WHERE message_id IN ({marks})"  # noqa: S608
                found += self._connection.execute(f"{query} ORDER BY message_id, chat_id", values).fetchall()
        return found

    def attachments_of_batch(self, rows: Sequence[Row]) -> dict[int, list[AttachmentRow]]:
        """The attachments of rows that were read one behind the other."""
        first, last = min(row[ROWID] for row in rows), max(row[ROWID] for row in rows)
        query = self._schema.attachments_between
        if query is None:
            return {}
        if last - first > 4 * len(rows):
            return self.attachments([row[ROWID] for row in rows])
        with readable_errors(self._path), lenient_text(self._connection):
            return rows_between(self._connection, query, first, last)

    def attachments(self, rowids: Sequence[int]) -> dict[int, list[AttachmentRow]]:
        """The attachments of these rows."""
        if self._schema.attachments_of is None:
            return {}
        with readable_errors(self._path), lenient_text(self._connection):
            return rows_of(self._connection, self._schema.attachments_of, rowids)

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
        return next(iter(portions(rows))) if size > 2 * BYTES_PER_BATCH else rows


def _size(row: Row) -> int:
    return _ROW_OVERHEAD + len(row[BODY] or row[TEXT] or "") + len(row[SUMMARY_INFO] or b"")


def portions(rows: Sequence[Row]) -> Iterable[list[Row]]:
    """These rows in parts as large as those of a first sync."""
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
