"""What a device brings, as plain values: quick to make, because a first sync brings hundreds of thousands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# One message; see MESSAGE_FIELDS for its places. A tuple, because a dataclass would cost as much as reading the message.
MessageRow = tuple[Any, ...]

CONVERSATION_REF, GUID, SENT_AT = 0, 1, 2

# The places of a MessageRow. The first is a chat's GUID, or a conversation's UUID as text; the others are named as their columns.
MESSAGE_FIELDS = (
    "conversation_ref",
    "imessage_guid",
    "sent_at",
    "state_hash",
    "read_at",
    "delivered_at",
    "edited_at",
    "unsent_at",
    "direction",
    "message_type",
    "flags",
    "sender_id",
    "service",
    "text",
    "reply_to_guid",
    "attachments",
    "reactions",
    "edits",
    "destination",
    "extra",
)
FLAGS = MESSAGE_FIELDS.index("flags")


@dataclass(frozen=True, slots=True)
class IncomingConversation:
    """A chat as a device describes it. Incomplete descriptions only fill in what they say."""

    imessage_id: str
    display_name: str = ""
    is_group: bool = False
    is_self: bool = False
    service: str = ""
    participants: tuple[str, ...] = ()
    merge_key: str = ""
    is_orphaned: bool = False
    is_filtered: bool = False
    is_short_code: bool = False
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class IncomingContact:
    """A person as the address book has them; `handles` are all handles, the main ones included."""

    apple_id: str
    display_name: str
    phone_number: str
    email: str
    avatar_hash: str
    handles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """One stream message: checked, all of it stored or none."""

    conversations: list[IncomingConversation] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    cursor: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """What a write, or a row of writes, did."""

    received: int = 0
    inserted: int = 0
    updated: int = 0
    cursor: str = ""

    def __add__(self, later: Written) -> Written:
        return Written(
            self.received + later.received,
            self.inserted + later.inserted,
            self.updated + later.updated,
            later.cursor or self.cursor,
        )
