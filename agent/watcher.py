"""Notices that Messages wrote something, without being told by the system."""

import os
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

from agent.chatdb.connection import connect, readable_errors


class Watcher:
    """Asks SQLite's own change counter, which costs next to nothing.

    The counter belongs to one open connection, and a connection to one file: when another file takes its place (a restored
    backup, a rebuilt database), the connection is made anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def changed(self) -> bool:
        """Return whether the database changed since the last call; the first call says yes."""
        with readable_errors(self._path):
            if self._connection is None or self._seen is None or self._seen[0] != self._inode():
                self._close()
                self._connection = connect(self._path)
            seen = (self._inode(), int(self._connection.execute("PRAGMA data_version").fetchone()[0]))
        changed = seen != self._seen
        self._seen = seen
        return changed

    def _inode(self) -> int:
        try:
            return os.stat(self._path).st_ino  # noqa: PTH116 (the same, without a new object each time)
        except FileNotFoundError:
            return 0

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._seen = None
