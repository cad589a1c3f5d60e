"""Messages as they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Any
from uuid import UUID


class Direction(IntEnum):
    """Who sent a message; the numbers of the contract."""

    INCOMING = 1
    OUTGOING = 2


class MessageType(IntEnum):
    """What a message carries, as far as it matters here; the numbers of the contract."""

    TEXT = 1
    IMAGE = 2
    VIDEO = 3
    AUDIO = 4
    FILE = 5
    STICKER = 6
    LINK = 7
    GROUP_EVENT = 10


class Flag(IntFlag):
    """What is special about a message; bits of the column `flags`."""

    BACKFILL = 1
    ONE_TIME_CODE = 2
    TEXT_UNDECODABLE = 4
    READ = 8
    DELIVERED = 16
    SCHEDULED = 32
    SPAM = 64


Json = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message. `conversation_id` is the conversation that shows it, `chat_id` the chat of Messages that it is in.

    The last four are metadata as they came: see api/parse_metadata.py.
    """

    id: UUID
    conversation_id: UUID
    chat_id: UUID
    imessage_guid: str
    sender_id: str
    direction: int
    message_type: int
    text: str
    sent_at: datetime
    service: str = ""
    reply_to_guid: str = ""
    destination: str = ""
    flags: int = 0
    read_at: datetime | None = None
    delivered_at: datetime | None = None
    edited_at: datetime | None = None
    unsent_at: datetime | None = None
    attachments: Json = ()
    reactions: Json = ()
    edits: Json = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
