"""Reads a database as a first sync does."""

from pathlib import Path
from typing import Any

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Chat, Extra, Message, Reading


def readings(path: Path, after: int = 0, hold_from: int | None = None, **options: Any) -> list[Reading]:
    """Everything behind a row, in batches."""
    found = []
    with MessagesReader(path, **options) as reader:
        last = reader.last_rowid()
        while (reading := reader.after(after, last, hold_from=hold_from)) is not None:
            found.append(reading)
            after = reading.last_rowid
    return found


def messages(path: Path, after: int = 0, **options: Any) -> list[Message]:
    """All messages behind a row."""
    return [message for reading in readings(path, after, **options) for message in reading.messages]


def texts(path: Path, **options: Any) -> list[str]:
    """The texts of all messages."""
    return [message.text for message in messages(path, **options)]


def only(path: Path, **options: Any) -> Message:
    """The one message there is."""
    (message,) = messages(path, **options)
    return message


def extra_of(message: Message) -> Extra:
    """What most messages do not have, of one that has it."""
    assert message.extra is not None
    return message.extra


def chats(path: Path, **options: Any) -> dict[str, Chat]:
    """All chats by their GUID, empty ones too."""
    with MessagesReader(path, **options) as reader:
        return {chat.guid: chat for chat in reader._directory.chats.values()}
