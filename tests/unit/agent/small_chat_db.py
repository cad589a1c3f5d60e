"""A Messages database that a test fills row by row."""

import sqlite3
from pathlib import Path
from typing import Any

from stack.demo_data.chat_db import add_chat, add_handle, create_chat_db, finish_chat_db

ANA = "+12025550150"
BEN = "ben@example.com"
DATE = 770_000_000_000_000_000  # May 2025, in nanoseconds since 2001


class SmallChatDb:
    """Holds a connection as Messages does, so that new rows stay in the write-ahead log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        finish_chat_db(create_chat_db(path))
        self.connection = sqlite3.connect(path, isolation_level=None)
        self._handles: dict[str, int] = {}
        self._count = 0

    def handle(self, handle: str) -> int:
        if handle not in self._handles:
            self._handles[handle] = add_handle(self.connection, handle, "iMessage")
        return self._handles[handle]

    def chat(self, *handles: str, name: str = "", group: bool = False) -> int:
        members = {handle: self.handle(handle) for handle in handles}
        return add_chat(self.connection, name, members, "iMessage", group=group)

    def message(self, chat_id: int | None, text: str | None = None, **columns: Any) -> int:
        """Insert a message, in a chat unless that is None, and return its ROWID."""
        self._count += 1
        date = DATE + self._count * 1_000_000_000
        row = {"guid": f"GUID-{self._count}", "text": text, "date": date, "service": "iMessage"} | columns
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        rowid = self.connection.execute(
            f"INSERT INTO message ({names}) VALUES ({marks})",  # noqa: S608 (column names of the test itself)
            tuple(row.values()),
        ).lastrowid
        assert rowid is not None
        if chat_id is not None:
            self.join(chat_id, rowid)
        return rowid

    def join(self, chat_id: int, rowid: int) -> None:
        self.connection.execute("INSERT INTO chat_message_join (chat_id, message_id) VALUES (?, ?)", (chat_id, rowid))

    def close(self) -> None:
        self.connection.close()
