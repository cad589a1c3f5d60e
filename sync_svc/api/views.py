"""Conversations and messages in the contract's words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import messages_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from svc_kit.paging import encode_page_token
from sync_svc.api.times import stamp
from sync_svc.domain.handles import AddressBook
from sync_svc.domain.messages import Conversation, Json, Message, Settings
from sync_svc.domain.ports import After


def conversation_view(conversation: Conversation, names: AddressBook) -> pb.Conversation:
    """A conversation with the names of its people."""
    participants = conversation.participants
    view = pb.Conversation(
        conversation_id=str(conversation.id),
        imessage_id=conversation.imessage_id,
        display_name=names.conversation_name(conversation.display_name, participants, conversation.imessage_id),
        is_group=conversation.is_group,
        participants=[pb.Participant(handle=one, display_name=names.name_of(one)) for one in participants],
        last_message_at=stamp(conversation.last_message_at),
        message_count=conversation.message_count,
        needs_reply=conversation.needs_reply,
        settings=_settings(conversation.settings),
        is_self=conversation.is_self,
        service=conversation.service,
    )
    if conversation.last_message is not None:
        view.last_message.CopyFrom(message_view(conversation.last_message, names))
    return view


def message_view(message: Message, names: AddressBook) -> pb.Message:
    """A message with its sender's name."""
    view = pb.Message(
        message_id=str(message.id),
        conversation_id=str(message.conversation_id),
        imessage_guid=message.imessage_guid,
        sender_id=message.sender_id,
        sender_name=names.name_or_handle(message.sender_id) if message.sender_id else "",
        direction=messages_pb2.Direction.ValueType(message.direction),
        message_type=messages_pb2.MessageType.ValueType(message.message_type),
        text=message.text,
        sent_at=stamp(message.sent_at),
        edited_at=stamp(message.edited_at),
        unsent_at=stamp(message.unsent_at),
        reply_to_guid=message.reply_to_guid,
        service=message.service,
        read_at=stamp(message.read_at),
    )
    _add_metadata(view, message)
    return view


def page_token(after: After) -> str:
    """The token of the page after this sort key; empty on the last page."""
    return encode_page_token(*after) if after is not None else ""


def _settings(settings: Settings) -> pb.ConversationSettings:
    return pb.ConversationSettings(
        auto_draft=settings.auto_draft, train=settings.train, tone=settings.tone, relation=settings.relation
    )


def _add_metadata(view: pb.Message, message: Message) -> None:
    if message.attachments:
        view.attachments.extend(messages_pb2.Attachment(**attachment) for attachment in message.attachments)
    if message.reactions:
        view.reactions.extend(_reactions(message.reactions))
    if message.edits:
        view.edits.extend(
            messages_pb2.MessageEdit(text=edit["text"], edited_at=_time(edit["edited_at"])) for edit in message.edits
        )


def _reactions(reactions: Json) -> Sequence[messages_pb2.Reaction]:
    return [
        messages_pb2.Reaction(sender_id=one["sender_id"], kind=one["kind"], reacted_at=_time(one["reacted_at"]))
        for one in reactions
    ]


def _time(text: str | None) -> Timestamp | None:
    return stamp(datetime.fromisoformat(text)) if text is not None else None
