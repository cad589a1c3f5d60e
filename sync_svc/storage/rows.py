"""Rows of the tables as values of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from sync_svc.domain.conversations import Chat, Settings
from sync_svc.domain.messages import Json, Message

# The columns of a message, with a place for how its text is shown. They go together with SHOWN_ID.
MESSAGE = """m.id, m.conversation_id, m.imessage_guid, m.sender_id, m.direction, m.message_type, {text} AS text, m.sent_at,
m.service, m.reply_to_guid, m.destination, m.flags, m.read_at, m.delivered_at, m.edited_at, m.unsent_at, m.attachments,
m.reactions, m.edits, m.extra"""
WHOLE_MESSAGE = MESSAGE.format(text="m.text")

# The id of the conversation that shows the chat.
SHOWN_ID = "coalesce(c.merged_into, c.id) AS shown_id"

CHAT = """c.id AS c_id, c.imessage_id, c.display_name, c.is_group, c.is_self, c.is_orphaned, c.is_filtered, c.is_short_code,
c.service AS c_service, c.participants, c.merge_key, c.merged_into, c.auto_draft, c.train, c.tone, c.relation, c.message_count,
c.last_message_at"""

Row: TypeAlias = Mapping[str, Any]


def message_of(row: Row) -> Message:
    """A row with the columns of MESSAGE and SHOWN_ID."""
    return Message(
        id=row["id"],
        conversation_id=row["shown_id"],
        chat_id=row["conversation_id"],
        imessage_guid=row["imessage_guid"],
        sender_id=row["sender_id"],
        direction=row["direction"],
        message_type=row["message_type"],
        text=row["text"],
        sent_at=row["sent_at"],
        service=row["service"],
        reply_to_guid=row["reply_to_guid"],
        destination=row["destination"],
        flags=row["flags"],
        read_at=row["read_at"],
        delivered_at=row["delivered_at"],
        edited_at=row["edited_at"],
        unsent_at=row["unsent_at"],
        attachments=_json(row["attachments"]),
        reactions=_json(row["reactions"]),
        edits=_json(row["edits"]),
        extra=row["extra"] or {},
    )


def chat_of(row: Row, last_message: Message | None = None) -> Chat:
    """A row with the columns of CHAT."""
    return Chat(
        id=row["c_id"],
        imessage_id=row["imessage_id"],
        display_name=row["display_name"],
        is_group=row["is_group"],
        is_self=row["is_self"],
        is_orphaned=row["is_orphaned"],
        is_filtered=row["is_filtered"],
        is_short_code=row["is_short_code"],
        service=row["c_service"],
        participants=row["participants"],
        merge_key=row["merge_key"],
        merged_into=row["merged_into"],
        message_count=row["message_count"],
        last_message_at=row["last_message_at"],
        settings=Settings(row["auto_draft"], row["train"], row["tone"], row["relation"]),
        last_message=last_message,
    )


def chat_with_last_message(row: Row) -> Chat:
    """A row with the columns of CHAT, and of MESSAGE where it has any."""
    return chat_of(row, message_of(row) if row["id"] is not None else None)


def _json(column: Any) -> Json:
    # SQLAlchemy has set a codec on the connection: jsonb goes in as text and comes out as lists.
    found: Json = column or ()
    return found
