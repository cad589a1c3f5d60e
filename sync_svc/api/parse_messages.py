"""Ingest messages: from the contract to rows, checked on the way.

The checks are the field rules of the contract once more, by hand: protovalidate takes 8 µs a message, this takes one and
only says whether to look closer. What is wrong, and where, protovalidate then tells itself. A property test keeps the two
equal. What the contract cannot say is checked here alone: a time outside the calendar, a NUL character in an id.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from assistant.sync.v1 import messages_pb2, sync_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from sync_svc.api.refusal import Refused
from sync_svc.domain.incoming import MessageRow
from sync_svc.domain.messages import Flag

_LAST_MESSAGE_TYPE = messages_pb2.MESSAGE_TYPE_OTHER
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BACKFILL, _ONE_TIME_CODE, _UNDECODABLE = int(Flag.BACKFILL), int(Flag.ONE_TIME_CODE), int(Flag.TEXT_UNDECODABLE)


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
    sent = message.sent_at
    if not (
        0 < len(guid) <= 200
        and len(reference) <= 300
        and len(sender) <= 300
        and 1 <= direction <= 2
        and 0 <= kind <= _LAST_MESSAGE_TYPE
        and len(text) <= 100_000
        and len(service) <= 50
        and len(reply) <= 200
        and (sent.seconds or message.HasField("sent_at"))
    ):
        raise Refused()
    if "\0" in guid or "\0" in reference or "\0" in sender or "\0" in service or "\0" in reply:
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
        _time("sent_at", sent),
        message.state_hash or _computed_hash(message),
        _time("read_at", message.read_at) if message.HasField("read_at") else None,
        _time("delivered_at", message.delivered_at) if message.HasField("delivered_at") else None,
        _time("edited_at", message.edited_at) if message.HasField("edited_at") else None,
        _time("unsent_at", message.unsent_at) if is_unsent else None,
        direction,
        kind or messages_pb2.MESSAGE_TYPE_TEXT,
        (_BACKFILL if message.is_backfill else 0)
        | (_ONE_TIME_CODE if message.has_one_time_code else 0)
        | (_UNDECODABLE if message.text_undecodable else 0),
        sender,
        service,
        text,
        reply,
        _attachments(message.attachments) if message.attachments else None,
        _reactions(message.reactions) if message.reactions else None,
        _edits(message.edits) if message.edits and not is_unsent else None,
    )


def without_nul(text: str) -> str:
    """What people wrote, storable: PostgreSQL takes no NUL, and refusing would stop the whole sync for one character."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _reference(reference: str, of_batch: str) -> str:
    if of_batch and reference and reference != of_batch:
        raise Refused("conversation_id", "must be the batch's conversation, or left out")
    if not (reference or of_batch):
        raise Refused("conversation_id", "must name a conversation")
    return reference or of_batch


def _field_with_nul(message: sync_pb2.SyncedMessage) -> str:
    fields = ("imessage_guid", "conversation_id", "sender_id", "service", "reply_to_guid")
    return next(name for name in fields if "\0" in getattr(message, name))


def _time(field: str, stamp: Timestamp) -> datetime:
    try:
        # Exact to the microsecond, and four times as quick as datetime.fromtimestamp with a time zone.
        return _EPOCH + timedelta(0, stamp.seconds, stamp.nanos // 1000)
    except OverflowError as error:
        raise Refused(field, "must lie between the years 1 and 9999") from error


def _computed_hash(message: sync_pb2.SyncedMessage) -> int:
    content = message.SerializeToString(deterministic=True)
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big", signed=True)


def _attachments(attachments: Sequence[messages_pb2.Attachment]) -> str:
    if len(attachments) > 100:
        raise Refused()
    return _json([_attachment(attachment) for attachment in attachments])


def _attachment(attachment: messages_pb2.Attachment) -> dict[str, Any]:
    guid, name, mime_type = attachment.guid, attachment.name, attachment.mime_type
    if not (0 < len(guid) <= 200 and len(name) <= 500 and len(mime_type) <= 200):
        raise Refused()
    return {"guid": guid, "name": name, "mime_type": mime_type, "size_bytes": attachment.size_bytes}


def _reactions(reactions: Sequence[messages_pb2.Reaction]) -> str:
    if len(reactions) > 200:
        raise Refused()
    return _json([_reaction(reaction) for reaction in reactions])


def _reaction(reaction: messages_pb2.Reaction) -> dict[str, Any]:
    sender, kind = reaction.sender_id, reaction.kind
    if not (len(sender) <= 300 and 0 < len(kind) <= 50):
        raise Refused()
    at = _time("reactions", reaction.reacted_at).isoformat() if reaction.HasField("reacted_at") else None
    return {"sender_id": sender, "kind": kind, "reacted_at": at}


def _edits(edits: Sequence[messages_pb2.MessageEdit]) -> str:
    if len(edits) > 50:
        raise Refused()
    return _json([_edit(edit) for edit in edits])


def _edit(edit: messages_pb2.MessageEdit) -> dict[str, Any]:
    if len(edit.text) > 100_000:
        raise Refused()
    at = _time("edits", edit.edited_at).isoformat() if edit.HasField("edited_at") else None
    return {"text": edit.text, "edited_at": at}


def _json(items: list[dict[str, Any]]) -> str:
    for item in items:
        for name, value in item.items():
            if isinstance(value, str) and "\0" in value:
                item[name] = without_nul(value)
    return json.dumps(items, ensure_ascii=False)
