"""Ingest messages: from the contract to rows, checked on the way.

The checks are the field rules of the contract once more, by hand: protovalidate takes 8 µs a message, this takes one and
only says whether to look closer. What is wrong, and where, protovalidate then tells itself. A property test keeps the two
equal. What the contract cannot say is checked here alone: a time outside the calendar, a NUL character in an id.
"""

from __future__ import annotations

from hashlib import blake2b

from assistant.sync.v1 import messages_pb2, sync_pb2

from sync_svc.api.parse_metadata import attachments_json, edits_json, extra_json, reactions_json
from sync_svc.api.parse_values import time_of, without_nul
from sync_svc.api.refusal import Refused
from sync_svc.domain.incoming import MessageRow
from sync_svc.domain.messages import Flag

_LAST_MESSAGE_TYPE = messages_pb2.MESSAGE_TYPE_OTHER
# Numbers, because or-ing members of an enum takes longer than all else that is done for a flag.
_BACKFILL, _ONE_TIME_CODE, _UNDECODABLE = int(Flag.BACKFILL), int(Flag.ONE_TIME_CODE), int(Flag.TEXT_UNDECODABLE)
_READ, _DELIVERED, _SCHEDULED, _SPAM = int(Flag.READ), int(Flag.DELIVERED), int(Flag.SCHEDULED), int(Flag.SPAM)


def message_row(message: sync_pb2.SyncedMessage, of_batch: str = "") -> MessageRow:
    """The row of a message; `of_batch` is the conversation of messages that name none. Raises Refused.

    One pass over the fields, written out: this runs once for each of the owner's messages.
    """
    guid, reference, sender, text = message.imessage_guid, message.conversation_id, message.sender_id, message.text
    direction, kind, service, reply = (
        message.direction,
        message.message_type,
        message.service,
        message.reply_to_guid,
    )
    sent, destination = message.sent_at, message.destination
    if not (
        0 < len(guid) <= 200
        and len(reference) <= 300
        and len(sender) <= 300
        and 1 <= direction <= 2
        and 0 <= kind <= _LAST_MESSAGE_TYPE
        and len(text) <= 100_000
        and len(service) <= 50
        and len(reply) <= 200
        and len(destination) <= 300
        and (sent.seconds or message.HasField("sent_at"))
    ):
        raise Refused()
    ids = f"{guid}{reference}{sender}{service}{reply}{destination}"
    if "\0" in ids:
        raise Refused(_field_with_nul(message), "must not contain a NUL character")
    reference = _reference(reference, of_batch)
    is_unsent = message.HasField("unsent_at")
    if is_unsent:
        text = ""
    elif "\0" in text:
        text = without_nul(text)
    return (
        reference,
        guid,
        time_of("sent_at", sent),
        message.state_hash or _computed_hash(message),
        time_of("read_at", message.read_at) if message.HasField("read_at") else None,
        time_of("delivered_at", message.delivered_at) if message.HasField("delivered_at") else None,
        time_of("edited_at", message.edited_at) if message.HasField("edited_at") else None,
        time_of("unsent_at", message.unsent_at) if is_unsent else None,
        direction,
        kind or messages_pb2.MESSAGE_TYPE_TEXT,
        (_BACKFILL if message.is_backfill else 0)
        | (_ONE_TIME_CODE if message.has_one_time_code else 0)
        | (_UNDECODABLE if message.text_undecodable else 0)
        | (_READ if message.is_read else 0)
        | (_DELIVERED if message.is_delivered else 0)
        | (_SCHEDULED if message.is_scheduled else 0)
        | (_SPAM if message.is_spam else 0),
        sender,
        service,
        text,
        reply,
        attachments_json(message.attachments, is_unsent) if message.attachments else None,
        reactions_json(message.reactions) if message.reactions else None,
        edits_json(message.edits, is_unsent) if message.edits else None,
        destination,
        extra_json(message, is_unsent) if _has_extra(message) else None,
    )


def _has_extra(message: sync_pb2.SyncedMessage) -> bool:
    """Whether a message has anything that only few have."""
    return bool(
        message.reply_to_part
        or message.subject
        or message.error_code
        or message.HasField("app")
        or message.HasField("group_event")
        or message.mentions
        or message.unsent_parts
        or message.unknown_values
    )


def _reference(reference: str, of_batch: str) -> str:
    if of_batch and reference and reference != of_batch:
        raise Refused("conversation_id", "must be the batch's conversation, or left out")
    if not (reference or of_batch):
        raise Refused("conversation_id", "must name a conversation")
    return reference or of_batch


def _field_with_nul(message: sync_pb2.SyncedMessage) -> str:
    fields = ("imessage_guid", "conversation_id", "sender_id", "service", "reply_to_guid", "destination")
    return next(name for name in fields if "\0" in getattr(message, name))


def _computed_hash(message: sync_pb2.SyncedMessage) -> int:
    if message.is_backfill:
        # That a row came late is no content of it.
        message = sync_pb2.SyncedMessage.FromString(message.SerializeToString())
        message.ClearField("is_backfill")
    content = message.SerializeToString(deterministic=True)
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)
