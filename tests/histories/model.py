"""What the server must show, kept from what was done and not from what the database or the agent says."""

from dataclasses import dataclass, field
from typing import NamedTuple

from assistant.sync.v1 import conversations_pb2, messages_pb2


class Seen(NamedTuple):
    """A message as a person would compare it."""

    chat: str
    from_me: bool
    sender: str
    text: str
    sent_at: int
    edits: tuple[str, ...]
    is_unsent: bool
    is_read: bool
    reactions: frozenset[tuple[str, str]]
    reply_to: str
    files: frozenset[str]
    event: str


@dataclass
class Expected:
    """A message that was sent."""

    guid: str
    chat: str
    sender: str | None
    text: str
    sent_at: int
    is_old: bool = False
    """Too old for changes to be noticed at once."""
    edits: list[str] = field(default_factory=list)
    is_unsent: bool = False
    is_read: bool = False
    reactions: dict[str | None, str] = field(default_factory=dict)
    reply_to: str = ""
    files: set[str] = field(default_factory=set)
    event: str = ""

    def seen(self) -> Seen:
        """As the server must show it."""
        return Seen(
            self.chat,
            self.sender is None,
            self.sender or "",
            "" if self.is_unsent else self.text,
            self.sent_at,
            () if self.is_unsent else tuple(self.edits),
            self.is_unsent,
            self.is_read,
            frozenset((sender or "", kind) for sender, kind in self.reactions.items()),
            self.reply_to,
            frozenset() if self.is_unsent else frozenset(self.files),
            self.event,
        )


@dataclass
class Model:
    """All messages, and where they are."""

    here: dict[str, Expected] = field(default_factory=dict)
    """In a chat on the Mac, so on the server too."""
    put_away: dict[str, Expected] = field(default_factory=dict)
    """In Recently Deleted."""
    elsewhere: dict[str, Expected] = field(default_factory=dict)
    """Not on the Mac any more since its database was rebuilt, and therefore still on the server."""

    def on_server(self) -> dict[str, Seen]:
        """What the server must show, by GUID."""
        return {guid: one.seen() for guid, one in {**self.here, **self.elsewhere}.items()}


def seen_on_server(message: conversations_pb2.Message, chats: dict[str, str]) -> Seen:
    """A message as the server shows it; `chats` holds the GUIDs of chats by their ids."""
    event = messages_pb2.GroupEventKind.Name(message.group_event.kind) if message.HasField("group_event") else ""
    return Seen(
        chats[message.chat_id],
        message.direction == messages_pb2.DIRECTION_OUTGOING,
        message.sender_id,
        message.text,
        message.sent_at.ToMicroseconds(),
        tuple(edit.text for edit in message.edits),
        message.HasField("unsent_at"),
        message.is_read,
        frozenset((one.sender_id, one.kind) for one in message.reactions),
        message.reply_to_guid,
        frozenset(file.guid for file in message.attachments),
        event,
    )
