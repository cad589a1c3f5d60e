"""Adds messages to a demo database, as if they had just been sent or had just arrived."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from stack.demo_data.chat_db import INSERT_JOIN, INSERT_MESSAGE, apple_date, message_values, stable_guid
from stack.demo_data.script import load_people
from stack.demo_data.typedstream_writer import attributed_body
from stack.errors import StackError


def append_incoming(
    path: Path, conversation: str, text: str, *, sender: str = "", sent_at: datetime | None = None
) -> str:
    """Add a message from somebody, as if it had just arrived, and return its GUID.

    `conversation` is a group's name, a chat's guid, or the name of one of the demo's people; `sender` is a handle, the
    first participant when left out.
    """
    return _append(path, conversation, text, sender, sent_at, from_me=False)


def append_outgoing(path: Path, conversation: str, text: str, *, sent_at: datetime | None = None) -> str:
    """Add a message of the owner's own, as if just sent, and return its GUID."""
    return _append(path, conversation, text, "", sent_at, from_me=True)


def _append(path: Path, conversation: str, text: str, sender: str, sent_at: datetime | None, *, from_me: bool) -> str:
    date = apple_date(sent_at or datetime.now().astimezone())
    person = load_people().get(conversation)
    with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as connection, connection:
        chat_id, service, room = _only(
            connection,
            "SELECT ROWID, service_name, room_name FROM chat WHERE ? IN (guid, display_name) OR chat_identifier = ?",
            (conversation, person.handle if person else None),
        )
        handle_id, _ = _only(
            connection,
            "SELECT h.ROWID, h.id FROM handle h JOIN chat_handle_join j ON j.handle_id = h.ROWID"
            " WHERE j.chat_id = ? AND ? IN ('', h.id) ORDER BY j.ROWID",
            (chat_id, sender),
        )
        count = connection.execute("SELECT count(*) FROM message").fetchone()[0]
        guid = stable_guid("appended", conversation, count, date)
        values = message_values(
            guid=guid, text=None, body=attributed_body(text), handle_id=0 if from_me else handle_id, service=service,
            date=date, from_me=from_me, room=room,
        )  # fmt: skip
        message_id = connection.execute(INSERT_MESSAGE, values).lastrowid
        connection.execute(INSERT_JOIN, (chat_id, message_id, date))
    return guid


def _only(connection: sqlite3.Connection, query: str, values: Iterable[object]) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query, tuple(values)).fetchone()
    if row is None:
        raise StackError("that database has no such conversation or sender")
    return row
