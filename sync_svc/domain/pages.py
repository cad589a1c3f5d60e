"""What is read at once, and where the next page begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sync_svc.domain.conversations import Conversation
from sync_svc.domain.handles import AddressBook
from sync_svc.domain.incoming import Written
from sync_svc.domain.messages import Message

# The sort key of the last row that was seen.
After = tuple[datetime, UUID] | None


@dataclass(frozen=True, slots=True)
class Page:
    """Conversations or messages with the names of the people in them; `after` is None on the last page."""

    conversations: Sequence[Conversation] = ()
    messages: Sequence[Message] = ()
    names: AddressBook = field(default_factory=AddressBook)
    after: After = None


@dataclass(frozen=True, slots=True)
class DraftContext:
    """The messages a draft is made from, oldest first, and the conversation's newest of that kind."""

    conversation: Conversation
    messages: Sequence[Message]
    newest_message_id: UUID
    names: AddressBook


@dataclass(frozen=True, slots=True)
class SyncState:
    """What is kept of a device's syncs, and how much the account has."""

    cursor: str
    last_sync_at: datetime | None
    message_count: int
    conversation_count: int


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """What a batch of one conversation did; ids are None for what was deleted before, here or on another device."""

    written: Written
    conversation_id: UUID | None
    message_ids: Sequence[UUID | None]


@dataclass(frozen=True, slots=True)
class Digest:
    """A fingerprint of what is stored of a chat: how many messages, and their state hashes combined by exclusive or.

    `deleted_up_to` is set where the owner deleted it: messages sent up to then are not taken again.
    """

    imessage_id: str
    message_count: int
    hash: int
    deleted_up_to: datetime | None


@dataclass(frozen=True, slots=True)
class DigestPage:
    """Digests by `imessage_id`; `after` is the last one's, and empty on the last page."""

    digests: Sequence[Digest]
    after: str


@dataclass(frozen=True, slots=True)
class StatePage:
    """GUIDs of messages with their state hashes; `after` is None on the last page."""

    states: Sequence[tuple[str, int]]
    after: After
