"""Conversations as they are read: one chat of Messages, or several that are shown as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sync_svc.domain.handles import handle_key
from sync_svc.domain.messages import Direction, Message, MessageType

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner set for a conversation."""

    auto_draft: bool = False
    train: bool = False
    tone: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """A stored chat of Messages; `display_name` is the given one, which may be empty.

    `merged_into` is the id of the chat it is shown as a part of; None for one that stands alone or was known first.
    """

    id: UUID
    imessage_id: str
    display_name: str = ""
    is_group: bool = False
    is_self: bool = False
    is_orphaned: bool = False
    is_filtered: bool = False
    is_short_code: bool = False
    service: str = ""
    participants: Sequence[str] = ()
    merge_key: str = ""
    merged_into: UUID | None = None
    message_count: int = 0
    last_message_at: datetime | None = None
    settings: Settings = field(default_factory=Settings)
    last_message: Message | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Chats that are shown as one, the one that was known first in front: it gives the conversation its id."""

    chats: Sequence[Chat]

    @property
    def id(self) -> UUID:
        """The first chat's; the others' name the conversation too."""
        return self.chats[0].id

    @property
    def imessage_id(self) -> str:
        """The first chat's."""
        return self.chats[0].imessage_id

    @property
    def is_group(self) -> bool:
        """Whether it is a group."""
        return self.chats[0].is_group

    @property
    def settings(self) -> Settings:
        """What the owner set; all chats have the same."""
        return self.chats[0].settings

    @property
    def display_name(self) -> str:
        """The given name that was in use last; may be empty."""
        return next((chat.display_name for chat in self._newest_first() if chat.display_name), "")

    @property
    def service(self) -> str:
        """By which the newest message came."""
        return self._newest_first()[0].service

    @property
    def participants(self) -> Sequence[str]:
        """The handles of all chats, each once."""
        handles: dict[str, str] = {}
        for chat in self.chats:
            for handle in chat.participants:
                handles.setdefault(handle_key(handle), handle)
        return list(handles.values())

    @property
    def message_count(self) -> int:
        """How many messages its chats have together."""
        return sum(chat.message_count for chat in self.chats)

    @property
    def last_message_at(self) -> datetime | None:
        """When the newest message of all was sent."""
        return self._newest_first()[0].last_message_at

    @property
    def last_message(self) -> Message | None:
        """The newest message of all, where it was read."""
        return self._newest_first()[0].last_message

    @property
    def is_self(self) -> bool:
        """Whether it is the owner's chat with themselves."""
        return any(chat.is_self for chat in self.chats)

    @property
    def is_orphaned(self) -> bool:
        """Whether it only collects messages that belong to no chat."""
        return any(chat.is_orphaned for chat in self.chats)

    @property
    def is_filtered(self) -> bool:
        """Whether Messages filed all of it as unknown or junk: who is known by one address is not unknown by another."""
        return all(chat.is_filtered for chat in self.chats)

    @property
    def is_short_code(self) -> bool:
        """Whether a machine is on the other side."""
        return all(chat.is_short_code for chat in self.chats)

    @property
    def may_be_trained_on(self) -> bool:
        """Whether the owner allowed it, and somebody else is on the other side."""
        return self.settings.train and self.is_with_somebody

    @property
    def is_with_somebody(self) -> bool:
        """Whether somebody else is on the other side, a person or not."""
        return not (self.is_self or self.is_orphaned)

    @property
    def is_answerable(self) -> bool:
        """Whether a person is on the other side whom the owner may want to answer."""
        return self.is_with_somebody and not (self.is_filtered or self.is_short_code)

    @property
    def needs_reply(self) -> bool:
        """Whether a person had the last word."""
        newest = self.last_message
        if newest is None or newest.message_type == MessageType.GROUP_EVENT or not self.is_answerable:
            return False
        return newest.direction == Direction.INCOMING

    def _newest_first(self) -> Sequence[Chat]:
        return sorted(self.chats, key=_recency, reverse=True)


def conversations_of(chats: Iterable[Chat]) -> list[Conversation]:
    """What is shown of these chats, in the order in which the first of each conversation comes."""
    groups: dict[UUID, list[Chat]] = {}
    for chat in chats:
        groups.setdefault(chat.merged_into or chat.id, []).append(chat)
    return [Conversation(sorted(group, key=lambda chat: chat.id)) for group in groups.values()]


def _recency(chat: Chat) -> tuple[datetime, UUID]:
    return chat.last_message_at or _NEVER, chat.id
