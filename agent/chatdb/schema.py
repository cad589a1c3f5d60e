"""Builds the queries from the columns that a database really has; no macOS version is ever asked for."""

import sqlite3
from pathlib import Path
from typing import Final

from agent.errors import CannotRead

# Each column that the reader wants, and what stands in for it where an older (or newer) macOS lacks it.
_MESSAGE_COLUMNS: Final = {
    "ROWID": None,
    "guid": None,
    "text": "NULL",
    "attributedBody": "NULL",
    "date": "0",
    "is_from_me": None,
    "handle_id": None,
    "service": "NULL",
    "item_type": "0",
    "associated_message_type": "0",
    "schedule_type": "0",
    "is_audio_message": "0",
    "balloon_bundle_id": "NULL",
    "thread_originator_guid": "NULL",
    "date_edited": "0",
}
_CHAT_COLUMNS: Final = {
    "ROWID": None,
    "guid": None,
    "style": "0",
    "chat_identifier": "NULL",
    "service_name": "NULL",
    "display_name": "NULL",
    "account_login": "NULL",
    "last_addressed_handle": "NULL",
}
_NEEDED_TABLES: Final = ("message", "chat", "handle", "chat_message_join", "chat_handle_join")


class Schema:
    """The queries for one database; what is put into them are the names in this module, nothing from outside."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        for table in _NEEDED_TABLES:
            if not _columns(connection, table):
                raise CannotRead(f"{path} is not a Messages database: it has no table {table}")
        messages = _select_list(connection, path, "message", "m", _MESSAGE_COLUMNS)
        # LEFT JOIN: some messages belong to no chat (yet), and must not stop the others.
        self.messages = (
            f"SELECT {messages}, j.chat_id FROM message m LEFT JOIN chat_message_join j ON j.message_id = m.ROWID "  # noqa: S608
            "WHERE m.ROWID > ? ORDER BY m.ROWID LIMIT ?"
        )
        chats = _select_list(connection, path, "chat", "c", _CHAT_COLUMNS)
        self.chats = f"SELECT {chats} FROM chat c"  # noqa: S608
        self.participants = (
            "SELECT j.chat_id, h.id FROM chat_handle_join j JOIN handle h ON h.ROWID = j.handle_id ORDER BY j.ROWID"
        )
        self.handles = "SELECT ROWID, id FROM handle"


def _select_list(
    connection: sqlite3.Connection, path: Path, table: str, alias: str, wanted: dict[str, str | None]
) -> str:
    present = _columns(connection, table) | {"ROWID"}
    items = []
    for name, substitute in wanted.items():
        if name in present:
            items.append(f"{alias}.{name}")
        elif substitute is None:
            raise CannotRead(f"{path} is not a Messages database: {table} has no column {name}")
        else:
            items.append(f"{substitute} AS {name}")
    return ", ".join(items)


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
