"""Writes the demo's Messages database: Maya and the people she writes with."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stack.demo_data.chat_db import (
    INSERT_JOIN,
    INSERT_MESSAGE,
    add_chat,
    add_handle,
    apple_date,
    body_for,
    create_chat_db,
    finish_chat_db,
    message_values,
    stable_guid,
)
from stack.demo_data.script import Conversation, Line, Person, load_conversations, load_people


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was written."""

    conversations: int
    messages: int
    people: int


def write_demo_chat_db(path: Path, *, now: datetime) -> DemoSummary:
    """Write a new database at `path` whose last messages are minutes to hours older than `now`.

    The same GUIDs every time, so that a demo made again replaces the one before on the server instead of doubling it.
    """
    people = load_people()
    conversations = load_conversations(now)
    connection = create_chat_db(path)
    connection.execute("BEGIN")
    handles = {person.handle: add_handle(connection, person.handle, person.service) for person in people.values()}
    chats = _add_chats(connection, people, conversations, handles)
    messages = _add_messages(connection, conversations, chats, handles)
    connection.execute("COMMIT")
    finish_chat_db(connection)
    return DemoSummary(len(conversations), messages, len(people))


def _add_chats(
    connection: sqlite3.Connection,
    people: dict[str, Person],
    conversations: list[Conversation],
    handles: dict[str, int],
) -> dict[str, int]:
    """Add the groups, and a one-to-one chat with everybody.

    Messages keeps names in the address book. The demo has none, so it names the one-to-one chats, some of them empty.
    """
    groups = [conversation for conversation in conversations if conversation.group]
    chats = {}
    for group in groups:
        members = {person.handle: handles[person.handle] for person in group.people}
        chats[group.key] = add_chat(connection, group.group, members, "iMessage", group=True)
    for person in people.values():
        member = {person.handle: handles[person.handle]}
        chats[person.handle] = add_chat(connection, person.name, member, person.service, group=False)
    return chats


def _add_messages(
    connection: sqlite3.Connection, conversations: list[Conversation], chats: dict[str, int], handles: dict[str, int]
) -> int:
    """Add all lines in the order of their time, as they would have arrived."""
    lines = [
        (line.sent_at, conversation, index, line)
        for conversation in conversations
        for index, line in enumerate(conversation.lines)
    ]
    lines.sort(key=lambda item: (item[0], item[1].key, item[2]))
    for _, conversation, index, line in lines:
        _add_message(connection, conversation, index, line, chats, handles)
    return len(lines)


def _add_message(
    connection: sqlite3.Connection,
    conversation: Conversation,
    index: int,
    line: Line,
    chats: dict[str, int],
    handles: dict[str, int],
) -> None:
    chat_id = chats[conversation.key if conversation.group else conversation.people[0].handle]
    service = "iMessage" if conversation.group else conversation.people[0].service
    text, body = body_for(line.text, service, index)
    date = apple_date(line.sent_at)
    values = message_values(
        guid=stable_guid("demo", conversation.key, index),
        text=text,
        body=body,
        handle_id=handles[line.sender.handle] if line.sender else 0,
        service=service,
        date=date,
        from_me=line.sender is None,
        room=_room(connection, chat_id) if conversation.group else None,
    )
    message_id = connection.execute(INSERT_MESSAGE, values).lastrowid
    connection.execute(INSERT_JOIN, (chat_id, message_id, date))


def _room(connection: sqlite3.Connection, chat_id: int) -> str:
    return str(connection.execute("SELECT room_name FROM chat WHERE ROWID = ?", (chat_id,)).fetchone()[0])
