"""Writes the demo's Messages database: Maya and the people she writes with."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stack.demo_data.address_book import write_address_book
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
from stack.demo_data.rich_rows import add_photo, edit, react, reply
from stack.demo_data.script import Conversation, Line, load_conversations, load_people


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
    chats = _add_chats(connection, conversations, handles)
    messages = _add_messages(connection, conversations, chats, handles)
    connection.execute("COMMIT")
    finish_chat_db(connection)
    return DemoSummary(len(conversations), messages, len({person.full_name for person in people.values()}))


def write_demo_address_book(folder: Path) -> None:
    """Write the address book of the same people: Messages knows addresses only, and takes names from there."""
    cards: dict[str, list[str]] = {}
    for person in load_people().values():
        cards.setdefault(person.full_name, []).append(person.handle)
    write_address_book(
        folder,
        [
            (name, "", [one for one in handles if "@" not in one], [one for one in handles if "@" in one])
            for name, handles in cards.items()
        ],
    )


def _add_chats(
    connection: sqlite3.Connection, conversations: list[Conversation], handles: dict[str, int]
) -> dict[str, int]:
    chats = {}
    for conversation in conversations:
        members = {person.handle: handles[person.handle] for person in conversation.people}
        service = "iMessage" if conversation.group else conversation.people[0].service
        group = bool(conversation.group)
        chats[conversation.key] = add_chat(connection, conversation.group, members, service, group=group)
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
        _add_message(connection, conversation, index, line, chats[conversation.key], handles)
    return len(lines)


def _add_message(
    connection: sqlite3.Connection,
    conversation: Conversation,
    index: int,
    line: Line,
    chat_id: int,
    handles: dict[str, int],
) -> None:
    service = "iMessage" if conversation.group else conversation.people[0].service
    text, body = body_for(line.text, service, index)
    date = apple_date(line.sent_at)
    guid = _guid(conversation, index)
    values = message_values(
        guid=guid,
        text=text,
        body=body,
        handle_id=handles[line.sender.handle] if line.sender else 0,
        service=service,
        date=date,
        from_me=line.sender is None,
        room=_room(connection, chat_id) if conversation.group else None,
    )
    message_id = connection.execute(INSERT_MESSAGE, values).lastrowid
    assert message_id is not None
    connection.execute(INSERT_JOIN, (chat_id, message_id, date))
    if line.photo:
        add_photo(connection, message_id, stable_guid(guid, "photo"), line.photo, line.text)
    if line.edited_from:
        edit(connection, message_id, line.edited_from, line.text, date)
    if line.reply_to:
        reply(connection, message_id, _guid(conversation, index - line.reply_to))
    for sender, kind in line.reactions:
        react(connection, chat_id, guid, kind, handles[sender.handle] if sender else 0, date)


def _guid(conversation: Conversation, index: int) -> str:
    return stable_guid("demo", conversation.key, index)


def _room(connection: sqlite3.Connection, chat_id: int) -> str:
    return str(connection.execute("SELECT room_name FROM chat WHERE ROWID = ?", (chat_id,)).fetchone()[0])
