"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sync_svc.domain.changes import DraftReady
from sync_svc.domain.conversations import Conversation, Settings
from sync_svc.domain.handles import AddressBook
from sync_svc.domain.incoming import Batch, IncomingContact, Written
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


class IngestStore(Protocol):
    """Takes in what devices bring. Every call is one transaction."""

    async def write(self, account_id: UUID, device_id: UUID, batches: Sequence[Batch]) -> Written:
        """Store batches in their order, with the last cursor.

        Raises UnknownConversation, with nothing stored, when a message names a UUID that is no conversation of the account.
        """
        ...

    async def write_one(self, account_id: UUID, device_id: UUID, batch: Batch, reference: str) -> StoredBatch:
        """Store one batch of the conversation `reference` and tell the ids. Raises UnknownConversation as `write`."""
        ...

    async def write_contacts(self, account_id: UUID, device_id: UUID, contacts: Sequence[IncomingContact]) -> Written:
        """Store contacts with their handles: the device has them from then on, and what it says anew of them counts."""
        ...

    async def remove_contacts(self, account_id: UUID, device_id: UUID, but: Collection[str]) -> int:
        """The device has only the contacts whose address book's ids are in `but`; how many went, that no other has."""
        ...

    async def delete_messages(self, account_id: UUID, device_id: UUID, guids: Sequence[str], cursor: str) -> int:
        """Delete messages by their GUIDs, and keep the cursor unless it is empty; how many there were.

        No other device brings them back; this one does, when it took them back itself.
        """
        ...

    async def note_sync(self, account_id: UUID, device_id: UUID) -> None:
        """Keep that the device has nothing left to bring now."""
        ...

    async def sync_state(self, account_id: UUID, device_id: UUID) -> SyncState:
        """What is kept of the device's syncs."""
        ...


class DigestStore(Protocol):
    """Tells devices what is stored, so that they find what they missed."""

    async def digests(self, account_id: UUID, since: datetime | None, after: str, size: int) -> DigestPage:
        """Fingerprints of the chats with messages since then, and of all that were deleted."""
        ...

    async def message_states(
        self, account_id: UUID, imessage_id: str, since: datetime | None, after: After, size: int
    ) -> StatePage:
        """What is stored of a chat's messages since then, newest first; nothing of a chat that is not stored."""
        ...


class BrowseStore(Protocol):
    """Reads, and what the owner changes. Raises NotFound for whatever is not the account's.

    A conversation goes by the id of any of its chats, and is answered with its own.
    """

    async def list_conversations(self, account_id: UUID, after: After, size: int) -> Page:
        """Conversations with messages, the one with the newest message first."""
        ...

    async def conversation(self, account_id: UUID, conversation_id: UUID) -> Page:
        """One conversation with its last message."""
        ...

    async def some_conversations(self, account_id: UUID, conversation_ids: Collection[UUID]) -> Page:
        """Conversations by ids of their chats, as they are listed; what is gone is left out."""
        ...

    async def announce_draft(self, account_id: UUID, draft: DraftReady) -> None:
        """Tell all who watch the account, in whatever process, that a draft is ready; nothing is kept."""
        ...

    async def change_settings(
        self, account_id: UUID, conversation_id: UUID, settings: Settings, fields: Sequence[str]
    ) -> Page:
        """Change the named fields of a conversation's settings; the conversation as it is then."""
        ...

    async def delete_conversation(self, account_id: UUID, conversation_id: UUID) -> int:
        """Delete a conversation and its messages; how many there were. What was synced does not come back."""
        ...

    async def list_messages(self, account_id: UUID, conversation_id: UUID, after: After, size: int) -> Page:
        """A conversation's messages, newest first."""
        ...

    async def search(self, account_id: UUID, query: str, within: UUID | None, after: After, size: int) -> Page:
        """Messages with all words of the query, newest first, and the conversations they are in."""
        ...

    async def context(
        self, account_id: UUID, conversation_id: UUID | None, message_id: UUID | None, size: int
    ) -> DraftContext:
        """The last messages up to `message_id`, as a draft reads them. Raises FailedPrecondition EMPTY_CONVERSATION."""
        ...

    async def trainable(self, account_id: UUID, only: Sequence[UUID]) -> Page:
        """The conversations that may be trained on; of `only`, when it is not empty."""
        ...

    async def history(
        self, account_id: UUID, conversation_id: UUID, since: datetime | None, after: After, size: int
    ) -> Page:
        """A conversation's messages that training may read, oldest first; as they are stored: see domain/reading.py."""
        ...


class DeviceActivity(Protocol):
    """Tells device_svc how devices are."""

    def synced(self, account_id: UUID, device_id: UUID) -> None:
        """Tell, in the background, that the device synced now; never fails."""
        ...

    async def heartbeat(
        self, account_id: UUID, device_id: UUID, agent_version: str, health: int, health_message: str
    ) -> None:
        """Tell how the agent is. Raises Unavailable when device_svc does not answer."""
        ...
