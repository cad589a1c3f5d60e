"""Messages in the contract's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import messages_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from sync_svc.api.times import stamp
from sync_svc.domain.handles import AddressBook
from sync_svc.domain.messages import Flag, Message

# The flags as fields of the contract.
_FLAG_FIELDS = (
    (int(Flag.READ), "is_read"),
    (int(Flag.DELIVERED), "is_delivered"),
    (int(Flag.SCHEDULED), "is_scheduled"),
    (int(Flag.SPAM), "is_spam"),
    (int(Flag.ONE_TIME_CODE), "has_one_time_code"),
    (int(Flag.TEXT_UNDECODABLE), "text_undecodable"),
    (int(Flag.BACKFILL), "is_backfill"),
)


def message_view(message: Message, names: AddressBook) -> pb.Message:
    """A message with the names of the people in it."""
    view = pb.Message(
        message_id=str(message.id),
        conversation_id=str(message.conversation_id),
        chat_id=str(message.chat_id),
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
        delivered_at=stamp(message.delivered_at),
        destination=message.destination,
    )
    if message.flags:
        _add_flags(view, message.flags)
    _add_metadata(view, message)
    if message.extra:
        _add_extra(view, message.extra, names)
    return view


def _add_flags(view: pb.Message, flags: int) -> None:
    for flag, field in _FLAG_FIELDS:
        if flags & flag:
            setattr(view, field, True)


def _add_metadata(view: pb.Message, message: Message) -> None:
    if message.attachments:
        view.attachments.extend(messages_pb2.Attachment(**attachment) for attachment in message.attachments)
    if message.reactions:
        view.reactions.extend(_reaction(reaction) for reaction in message.reactions)
    if message.edits:
        view.edits.extend(_edit(edit) for edit in message.edits)


def _add_extra(view: pb.Message, extra: Mapping[str, Any], names: AddressBook) -> None:
    view.subject = extra.get("subject", "")
    view.error_code = extra.get("error_code", 0)
    view.reply_to_part = extra.get("reply_to_part", 0)
    view.unsent_parts.extend(extra.get("unsent_parts", ()))
    view.mentions.extend(messages_pb2.Mention(**one) for one in extra.get("mentions", ()))
    view.unknown_values.extend(messages_pb2.UnknownValue(**one) for one in extra.get("unknown_values", ()))
    if "app" in extra:
        view.app.CopyFrom(messages_pb2.AppBalloon(**extra["app"]))
    if "group_event" in extra:
        event = messages_pb2.GroupEvent(**extra["group_event"])
        event.name = names.name_or_handle(event.handle)
        view.group_event.CopyFrom(event)


def _reaction(reaction: Mapping[str, Any]) -> messages_pb2.Reaction:
    return messages_pb2.Reaction(**{**reaction, "reacted_at": _time(reaction["reacted_at"])})


def _edit(edit: Mapping[str, Any]) -> messages_pb2.MessageEdit:
    return messages_pb2.MessageEdit(**{**edit, "edited_at": _time(edit["edited_at"])})


def _time(text: str | None) -> Timestamp | None:
    return stamp(datetime.fromisoformat(text)) if text is not None else None
