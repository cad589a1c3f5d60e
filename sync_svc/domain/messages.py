"""Messages and conversations as they are read."""

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


class Flag(IntFlag):
    """What is special about a message; bits of the column `flags`."""

    BACKFILL = 1
    ONE_TIME_CODE = 2
    TEXT_UNDECODABLE = 4


Json = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message. The last three are metadata as they came: see api/parse_messages.py."""

    id: UUID
    conversation_id: UUID
    imessage_guid: str
    sender_id: str
    direction: int
    message_type: int
    text: str
    sent_at: datetime
    service: str
    reply_to_guid: str
    read_at: datetime | None = None
    edited_at: datetime | None = None
    unsent_at: datetime | None = None
    attachments: Json = ()
    reactions: Json = ()
    edits: Json = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner set for a conversation."""

    auto_draft: bool = False
    train: bool = False
    tone: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A stored conversation; `display_name` is the given one, which may be empty."""

    id: UUID
    imessage_id: str
    display_name: str
    is_group: bool
    is_self: bool
    service: str
    participants: Sequence[str]
    message_count: int
    last_message_at: datetime | None
    settings: Settings = field(default_factory=Settings)
    last_message: Message | None = None

    @property
    def needs_reply(self) -> bool:
        """Whether somebody else had the last word."""
        newest = self.last_message
        return newest is not None and newest.direction == Direction.INCOMING and not self.is_self
