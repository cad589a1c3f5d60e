"""Writes rows into a Messages database the way Messages does."""

import sqlite3
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from stack.demo_data.typedstream_writer import attributed_body
from stack.errors import StackError

OWNER_HANDLE: Final = "+12025550100"
OWNER_LOGIN: Final = "E:maya@example.com"
GROUP_STYLE: Final = 43
ONE_TO_ONE_STYLE: Final = 45

_APPLE_EPOCH: Final = 978_307_200
_NANOSECONDS: Final = 1_000_000_000
_FIRST_INDEX: Final = "CREATE INDEX"

INSERT_MESSAGE: Final = """
  INSERT INTO message (guid, text, attributedBody, handle_id, service, account, date, date_read, date_delivered, is_from_me,
    is_read, is_sent, is_delivered, is_finished, version, destination_caller_id, part_count, cache_roomnames)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1, 10, ?, 1, ?)"""
INSERT_JOIN: Final = "INSERT INTO chat_message_join (chat_id, message_id, message_date) VALUES (?, ?, ?)"


def apple_date(moment: datetime) -> int:
    """Return the moment in nanoseconds since 2001, as macOS 10.13 and newer store it."""
    return round((moment.timestamp() - _APPLE_EPOCH) * 1_000_000) * 1_000


def stable_guid(*parts: object) -> str:
    """Return the same GUID for the same parts, so that a demo made twice is the same demo."""
    return str(uuid5(NAMESPACE_URL, "/".join(str(part) for part in parts))).upper()


def create_chat_db(path: Path) -> sqlite3.Connection:
    """Make a new database with Messages' tables and without its indexes; refuse to touch a file that is there.

    Call `finish_chat_db` when the rows are in: indexes built at the end cost a third of those kept up to date.
    """
    if path.exists():
        raise StackError(f"{path} exists already; name a new file, or remove that one first")
    if not path.parent.is_dir():
        raise StackError(f"there is no folder {path.parent}")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    tables, _ = _schema()
    connection.executescript(tables)
    return connection


def finish_chat_db(connection: sqlite3.Connection) -> None:
    """Add the indexes, switch to the write-ahead log as Messages has it, and close."""
    _, indexes = _schema()
    connection.executescript(indexes)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def add_handle(connection: sqlite3.Connection, handle: str, service: str) -> int:
    """Add a person's address and return its number."""
    query = "INSERT INTO handle (id, country, service) VALUES (?, 'us', ?) RETURNING ROWID"
    return int(connection.execute(query, (handle, service)).fetchone()[0])


def add_chat(connection: sqlite3.Connection, name: str, members: dict[str, int], service: str, *, group: bool) -> int:
    """Add a chat of these members (handle and its number) and return its number."""
    identifier = f"chat{int(stable_guid(name)[:8], 16)}" if group else next(iter(members))
    query = """
      INSERT INTO chat (guid, style, state, account_login, chat_identifier, service_name, room_name, display_name,
        last_addressed_handle, group_id)
      VALUES (?, ?, 3, ?, ?, ?, ?, ?, ?, ?) RETURNING ROWID"""
    row = connection.execute(
        query,
        (
            f"{service};{'+' if group else '-'};{identifier}",
            GROUP_STYLE if group else ONE_TO_ONE_STYLE,
            OWNER_LOGIN,
            identifier,
            service,
            identifier if group else None,
            name,
            OWNER_HANDLE,
            stable_guid("group", name or identifier),
        ),
    ).fetchone()
    chat_id = int(row[0])
    joins = [(chat_id, handle_id) for handle_id in members.values()]
    connection.executemany("INSERT INTO chat_handle_join (chat_id, handle_id) VALUES (?, ?)", joins)
    return chat_id


def message_values(
    *,
    guid: str,
    text: str | None,
    body: bytes | None,
    handle_id: int,
    service: str,
    date: int,
    from_me: bool,
    room: str | None,
) -> tuple[object, ...]:
    """Return the values for `INSERT_MESSAGE`. Own messages count as delivered, others as not yet read."""
    delivered = date + 2 * _NANOSECONDS if from_me else 0
    return (
        guid, text, body, handle_id, service, OWNER_LOGIN, date, 0, delivered, int(from_me), 0, int(from_me),
        OWNER_HANDLE, room,
    )  # fmt: skip


def body_for(text: str, service: str, index: int) -> tuple[str | None, bytes | None]:
    """Return the two columns that may hold a text, filled as unevenly as on a real Mac.

    Newer messages often have it in attributedBody alone, others in both; SMS and old rows have the plain column only.
    """
    if service == "SMS" or index % 7 == 3:
        return text, None
    return (None if index % 3 == 0 else text), attributed_body(text, mutable=index % 11 == 5)


def _schema() -> tuple[str, str]:
    text = (files(__package__) / "sequoia.sql").read_text(encoding="utf-8")
    tables, indexes = text.split(_FIRST_INDEX, 1)
    return tables, _FIRST_INDEX + indexes
