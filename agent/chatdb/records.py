"""What the reader makes of the database's rows."""

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import NamedTuple


class Kind(IntEnum):
    """What a message carries, as far as its own row tells."""

    TEXT = auto()
    AUDIO = auto()
    LINK = auto()
    APP = auto()
    OTHER = auto()


class Message(NamedTuple):
    """A message. A tuple, because a first sync makes a million of them and frozen dataclasses cost four times as much."""

    guid: str
    chat_guid: str
    sender: str
    """The sender's handle; empty for the owner, and where Messages does not know."""
    from_me: bool
    kind: Kind
    text: str
    sent_at: int
    """Nanoseconds since 1970."""
    service: str
    edited_at: int | None
    reply_to_guid: str
    has_one_time_code: bool
    undecodable: bool


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation as Messages has it."""

    guid: str
    display_name: str
    is_group: bool
    is_self: bool
    service: str
    identifier: str
    participants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """A person whose name the database itself knows."""

    handle: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Position:
    """How far the database has been read: the last row seen."""

    rowid: int = 0
    guid: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some messages in the order of their rows, the chats they (and skipped rows) belong to, and where they end."""

    messages: list[Message]
    chats: list[Chat]
    position: Position
