"""Builds the queries from the columns that a database really has; no macOS version is ever asked for.

Two Macs of one macOS version can have different columns, so each column is probed, and what is missing is replaced by what
its absence means.
"""

import sqlite3
from pathlib import Path
from typing import Final

from agent.errors import CannotRead

# Each column that the reader wants, and what stands in for it where an older (or newer) macOS lacks it; None where there is
# nothing to read without it. The first group is what every message has, and its order is that of message_row.py.
_USUAL: Final = {
    "ROWID": None,
    "guid": None,
    "text": "NULL",
    "attributedBody": "NULL",
    "date": "0",
    "is_from_me": None,
    "handle_id": None,
    "service": "NULL",
    "destination_caller_id": "NULL",
    "date_read": "0",
    "date_delivered": "0",
    "is_read": "0",
    "is_delivered": "0",
    "is_sent": "0",
    "cache_roomnames": "NULL",
}
# Empty or 0 in most rows, so that one look at all of them together tells that a message is plain.
_RARE: Final = {
    "subject": "NULL",
    "date_edited": "0",
    "date_retracted": "0",
    "was_detonated": "0",
    "message_summary_info": "NULL",
    "thread_originator_guid": "NULL",
    "thread_originator_part": "NULL",
    "associated_message_guid": "NULL",
    "associated_message_type": "0",
    "associated_message_emoji": "NULL",
    "item_type": "0",
    "group_action_type": "0",
    "group_title": "NULL",
    "other_handle": "0",
    "share_status": "0",
    "share_direction": "0",
    "balloon_bundle_id": "NULL",
    "payload_data": "0",
    "is_audio_message": "0",
    "schedule_type": "0",
    "is_spam": "0",
    "filter_action": "0",
    "error": "0",
    "cache_has_attachments": "0",
}
_CHAT: Final = {
    "ROWID": None,
    "guid": None,
    "style": "0",
    "chat_identifier": "NULL",
    "service_name": "NULL",
    "display_name": "NULL",
    "account_login": "NULL",
    "last_addressed_handle": "NULL",
    "group_id": "NULL",
    "original_group_id": "NULL",
    "room_name": "NULL",
    "is_filtered": "0",
    "is_blackholed": "0",
}
_HANDLE: Final = {
    "ROWID": None,
    "id": None,
    "country": "NULL",
    "uncanonicalized_id": "NULL",
    "person_centric_id": "NULL",
}
_ATTACHMENT: Final = {
    "guid": None,
    "filename": "NULL",
    "transfer_name": "NULL",
    "mime_type": "NULL",
    "uti": "NULL",
    "total_bytes": "0",
    "transfer_state": "5",
    "is_sticker": "0",
    "hide_attachment": "0",
    "user_info": "NULL",
}
_BLOBS: Final = frozenset({"attributedBody", "message_summary_info", "user_info"})
_NEEDED_TEXTS: Final = frozenset({"guid", "id"})
# Of a link's preview only whether there is one is of interest, and it can be large.
_READ_AS: Final = {"payload_data": "{} IS NOT NULL"}
_NEEDED_TABLES: Final = ("message", "chat", "handle", "chat_message_join", "chat_handle_join")

# Where a column of `message` may be missing without harm; `doctor` names those that are.
OPTIONAL_COLUMNS: Final = tuple(name for name, substitute in {**_USUAL, **_RARE}.items() if substitute is not None)

# A message can be in two chats, and it is sent once: as one of the chat that was there first.
_FIRST_CHAT: Final = "(SELECT min(j.chat_id) FROM chat_message_join j WHERE j.message_id = m.ROWID)"


class Schema:
    """The queries for one database; what is put into them are the names in this module, nothing from outside."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in _NEEDED_TABLES:
            if table not in tables:
                raise CannotRead(f"{path} is not a Messages database: it has no table {table}")
        self.missing = tuple(sorted(set(OPTIONAL_COLUMNS) - _columns(connection, "message")))
        self._set_messages(_select_list(connection, path, "message", "m", {**_USUAL, **_RARE}))
        self._set_people(connection, path, tables)
        self._set_attachments(connection, path, tables)
        self._set_deletions(tables)
        self.tapbacks = _tapbacks(_columns(connection, "message"))

    def _set_messages(self, columns: str) -> None:
        # No inner join: some messages belong to no chat (yet), and must not be lost.
        select = f"SELECT {columns}, {_FIRST_CHAT} FROM message m"  # noqa: S608
        self.messages_after = f"{select} WHERE m.ROWID > ? AND m.ROWID <= ? ORDER BY m.ROWID LIMIT ?"
        self.messages_since = f"{select} WHERE m.date >= ? AND m.ROWID <= ? ORDER BY m.date, m.ROWID"
        self.messages_by_rowid = f"{select} WHERE m.ROWID IN ({{}}) ORDER BY m.ROWID"
        self.messages_by_guid = f"{select} WHERE m.guid IN ({{}}) ORDER BY m.ROWID"

    def _set_people(self, connection: sqlite3.Connection, path: Path, tables: set[str]) -> None:
        chats = _select_list(connection, path, "chat", "c", _CHAT)
        is_used = "EXISTS (SELECT 1 FROM chat_message_join j WHERE j.chat_id = c.ROWID)"
        self.chats = f"SELECT {chats}, {is_used} FROM chat c WHERE c.guid IS NOT NULL ORDER BY c.ROWID"  # noqa: S608
        self.participants = (
            f"SELECT j.chat_id, {_as_text('h.id')} FROM chat_handle_join j JOIN handle h ON h.ROWID = j.handle_id"  # noqa: S608
            " WHERE h.id IS NOT NULL ORDER BY j.ROWID"
        )
        handles = _select_list(connection, path, "handle", "h", _HANDLE)
        self.handles = f"SELECT {handles} FROM handle h WHERE h.id IS NOT NULL"  # noqa: S608
        identifier = _as_text("identifier")
        self.lookups = f"SELECT {identifier}, chat FROM chat_lookup" if "chat_lookup" in tables else None  # noqa: S608
        columns = _columns(connection, "message")
        own = [_as_text(name) for name in ("account", "destination_caller_id") if name in columns]
        # The owner's addresses of late: a scan of all messages would take seconds.
        self.own_addresses = (
            f"SELECT DISTINCT * FROM (SELECT {', '.join(own)} FROM message ORDER BY date DESC LIMIT 1000)"  # noqa: S608
            if own
            else None
        )

    def _set_attachments(self, connection: sqlite3.Connection, path: Path, tables: set[str]) -> None:
        self.attachments_between = self.attachments_of = None
        if not {"attachment", "message_attachment_join"} <= tables:
            return
        columns = _select_list(connection, path, "attachment", "a", _ATTACHMENT)
        select = (
            f"SELECT j.message_id, {columns} FROM message_attachment_join j"  # noqa: S608
            " JOIN attachment a ON a.ROWID = j.attachment_id WHERE j.message_id "
        )
        self.attachments_between = f"{select} BETWEEN ? AND ? ORDER BY j.message_id, j.ROWID"
        self.attachments_of = f"{select} IN ({{}}) ORDER BY j.message_id, j.ROWID"

    def _set_deletions(self, tables: set[str]) -> None:
        # Both are filled by triggers on DELETE; the second is emptied again when iCloud has heard of it.
        self.deletion_tables = tuple(
            table for table in ("deleted_messages", "sync_deleted_messages") if table in tables
        )
        self.recently_deleted = (
            # What was deleted from one of two chats is still in the other.
            f"SELECT r.message_id, {_as_text('m.guid')}"  # noqa: S608
            " FROM chat_recoverable_message_join r JOIN message m ON m.ROWID = r.message_id WHERE m.guid IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM chat_message_join j WHERE j.message_id = r.message_id)"
            if "chat_recoverable_message_join" in tables
            else None
        )
        self.properties = "_SqliteDatabaseProperties" if "_SqliteDatabaseProperties" in tables else None


def _tapbacks(columns: set[str]) -> str | None:
    if not {"associated_message_guid", "associated_message_type"} <= columns:
        return None
    emoji = _as_text("associated_message_emoji") if "associated_message_emoji" in columns else "NULL"
    numbers = [f"CAST({name} AS INTEGER)" for name in ("date", "is_from_me", "handle_id")]
    return (
        f"SELECT {_as_text('associated_message_guid')}, CAST(associated_message_type AS INTEGER), {emoji},"  # noqa: S608
        f" {', '.join(numbers)}, ROWID FROM message WHERE associated_message_guid IN ({{}})"
    )


def _select_list(
    connection: sqlite3.Connection, path: Path, table: str, alias: str, wanted: dict[str, str | None]
) -> str:
    present = _columns(connection, table) | {"ROWID"}
    items = []
    for name, substitute in wanted.items():
        if name in present:
            items.append(_READ_AS.get(name, _cast(name, substitute)).format(f"{alias}.{name}"))
        elif substitute is None:
            raise CannotRead(f"{path} is not a Messages database: {table} has no column {name}")
        else:
            items.append(f"{substitute} AS {name}")
    return ", ".join(items)


def _cast(name: str, substitute: str | None) -> str:
    """How a column is read: as what it is declared to hold, because SQLite keeps any type in any column.

    A conversion that has nothing to do costs next to nothing, and no value of another type reaches the reader.
    """
    if name in _BLOBS:
        return "CAST({} AS BLOB)"
    return "CAST({} AS TEXT)" if substitute == "NULL" or name in _NEEDED_TEXTS else "CAST({} AS INTEGER)"


def _as_text(column: str) -> str:
    return f"CAST({column} AS TEXT)"


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
