"""What Messages says it deleted: for good, or into Recently Deleted, where it waits for 30 days."""

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from agent.chatdb.connection import lenient_text, readable_errors
from agent.chatdb.in_lists import in_lists
from agent.chatdb.schema import Schema

_PER_BATCH: Final = 2_000


class Deleted(NamedTuple):
    """A part of what was deleted for good, and where it ends in each table."""

    guids: list[str]
    position: tuple[int, ...]


class Deletions:
    """Reads the tables in which a deletion leaves its trace.

    Only such a trace makes the server delete anything. A message that is merely not there tells nothing: a database that was
    rebuilt, or that iCloud is just filling again, looks the same.
    """

    def __init__(self, connection: sqlite3.Connection, schema: Schema, path: Path) -> None:
        self._connection = connection
        self._schema = schema
        self._path = path
        self.recent_rows: dict[int, str] = {}
        """Recently Deleted: GUIDs by row."""

    def reload(self) -> None:
        """Read Recently Deleted again."""
        if self._schema.recently_deleted is not None:
            with readable_errors(self._path), lenient_text(self._connection, keep_zeros=True):
                self.recent_rows = dict(self._connection.execute(self._schema.recently_deleted).fetchall())

    def recent_digest(self) -> str:
        """Return a hash of what is in Recently Deleted."""
        content = "\0".join(sorted(self.recent_rows.values())).encode()
        return blake2b(content, digest_size=4).hexdigest()

    def end(self) -> tuple[int, ...]:
        """Return the position behind everything that was deleted so far."""
        with readable_errors(self._path):
            return tuple(
                int(self._connection.execute(f"SELECT max(ROWID) FROM {table}").fetchone()[0] or 0)  # noqa: S608
                for table in self._schema.deletion_tables
            )

    def after(self, position: Sequence[int]) -> Deleted | None:
        """Return some of what was deleted behind the position; None when nothing was.

        A table that was emptied begins again from its start: iCloud's is cleared whenever it has been synced.
        """
        ends = list(self.end())
        starts = [start if start <= end else 0 for start, end in zip(_fitting(position, len(ends)), ends, strict=True)]
        guids: list[str] = []
        with readable_errors(self._path), lenient_text(self._connection, keep_zeros=True):
            for place, table in enumerate(self._schema.deletion_tables):
                query = f"SELECT ROWID, CAST(guid AS TEXT) FROM {table} WHERE ROWID > ? ORDER BY ROWID LIMIT ?"  # noqa: S608
                rows = self._connection.execute(query, (starts[place], _PER_BATCH)).fetchall()
                guids += [guid for _, guid in rows if guid]
                if rows:
                    starts[place] = rows[-1][0]
        return Deleted(list(dict.fromkeys(guids)), tuple(starts)) if guids else None

    def traced(self, guids: Sequence[str]) -> set[str]:
        """Return which of these are said to have been deleted, for good or into Recently Deleted."""
        found = set(self.recent_rows.values()).intersection(guids)
        with readable_errors(self._path):
            for table in self._schema.deletion_tables:
                for marks, values in in_lists(guids):
                    query = f"SELECT guid FROM {table} WHERE guid IN ({marks})"  # noqa: S608
                    found |= {guid for (guid,) in self._connection.execute(query, values)}
        return found


def _fitting(position: Sequence[int], length: int) -> list[int]:
    return [*position[:length], *([0] * (length - len(position)))]
