"""What comes with a message: its attachments, reactions and edits, and what only few messages have, as JSON.

Keys are the contract's field names; what a field says by being left out is left out here too. api/message_views.py turns it
back. The checks are the contract's: see parse_messages.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from assistant.sync.v1 import messages_pb2, sync_pb2

from sync_svc.api.parse_values import time_of, without_nul
from sync_svc.api.refusal import Refused

_LAST_GROUP_EVENT_KIND = messages_pb2.GROUP_EVENT_KIND_CALL


def attachments_json(attachments: Sequence[messages_pb2.Attachment], is_unsent: bool) -> str:
    """What is known of the files; of an unsent message not what they say. Raises Refused."""
    if len(attachments) > 100:
        raise Refused()
    return _json([_attachment(attachment, is_unsent) for attachment in attachments])


def _attachment(attachment: messages_pb2.Attachment, is_unsent: bool) -> dict[str, Any]:
    guid, name, mime_type, uti = attachment.guid, attachment.name, attachment.mime_type, attachment.uti
    said = attachment.transcription
    if not (0 < len(guid) <= 200 and len(name) <= 500 and len(mime_type) <= 200 and len(uti) <= 200):
        raise Refused()
    if len(said) > 20_000:
        raise Refused()
    stored = {"guid": guid, "name": name, "mime_type": mime_type, "size_bytes": attachment.size_bytes}
    if uti:
        stored["uti"] = uti
    if attachment.is_sticker:
        stored["is_sticker"] = True
    if attachment.is_offloaded:
        stored["is_offloaded"] = True
    if said and not is_unsent:
        stored["transcription"] = said
    return stored


def reactions_json(reactions: Sequence[messages_pb2.Reaction]) -> str:
    """The reactions on a message. Raises Refused."""
    if len(reactions) > 200:
        raise Refused()
    return _json([_reaction(reaction) for reaction in reactions])


def _reaction(reaction: messages_pb2.Reaction) -> dict[str, Any]:
    sender, kind, part = reaction.sender_id, reaction.kind, reaction.part
    if not (len(sender) <= 300 and 0 < len(kind) <= 50):
        raise Refused()
    at = time_of("reactions", reaction.reacted_at).isoformat() if reaction.HasField("reacted_at") else None
    stored = {"sender_id": sender, "kind": kind, "reacted_at": at}
    return {**stored, "part": part} if part else stored


def edits_json(edits: Sequence[messages_pb2.MessageEdit], is_unsent: bool) -> str | None:
    """The earlier versions of a message; None for an unsent one. Raises Refused."""
    if len(edits) > 50:
        raise Refused()
    stored = [_edit(edit) for edit in edits]
    return None if is_unsent else _json(stored)


def _edit(edit: messages_pb2.MessageEdit) -> dict[str, Any]:
    text, part = edit.text, edit.part
    if len(text) > 100_000:
        raise Refused()
    at = time_of("edits", edit.edited_at).isoformat() if edit.HasField("edited_at") else None
    stored = {"text": text, "edited_at": at}
    return {**stored, "part": part} if part else stored


def extra_json(message: sync_pb2.SyncedMessage, is_unsent: bool) -> str | None:
    """What only few messages have; None when this one has nothing of it. Raises Refused.

    An unsent message loses what was said in it: its subject, and whom it mentioned.
    """
    extra: dict[str, Any] = {}
    if message.subject:
        _allow(len(message.subject) <= 1000)
        extra["subject"] = without_nul(message.subject)
    if message.HasField("group_event"):
        extra["group_event"] = _group_event(message.group_event)
    if message.HasField("app"):
        extra["app"] = _app(message.app)
    if message.mentions:
        _allow(len(message.mentions) <= 100)
        extra["mentions"] = [_mention(one) for one in message.mentions]
    if message.unsent_parts:
        _allow(len(message.unsent_parts) <= 100)
        extra["unsent_parts"] = list(message.unsent_parts)
    if message.unknown_values:
        _allow(len(message.unknown_values) <= 20)
        extra["unknown_values"] = [_unknown_value(one) for one in message.unknown_values]
    if message.reply_to_part:
        extra["reply_to_part"] = message.reply_to_part
    if message.error_code:
        extra["error_code"] = message.error_code
    if is_unsent:
        extra.pop("subject", None)
        extra.pop("mentions", None)
    return json.dumps(extra, ensure_ascii=False) if extra else None


def _group_event(event: messages_pb2.GroupEvent) -> dict[str, Any]:
    # The name is not kept: it is looked up on reading, because people change theirs.
    _allow(0 <= event.kind <= _LAST_GROUP_EVENT_KIND and len(event.name) <= 300)
    _allow(len(event.handle) <= 300 and len(event.title) <= 500)
    return {
        "kind": event.kind,
        "handle": without_nul(event.handle),
        "title": without_nul(event.title),
        "item_type": event.item_type,
        "action_type": event.action_type,
    }


def _app(app: messages_pb2.AppBalloon) -> dict[str, Any]:
    _allow(len(app.bundle_id) <= 300 and len(app.label) <= 200)
    return {"bundle_id": without_nul(app.bundle_id), "label": without_nul(app.label)}


def _mention(mention: messages_pb2.Mention) -> dict[str, Any]:
    _allow(0 < len(mention.handle) <= 300)
    return {"handle": without_nul(mention.handle), "start": mention.start, "length": mention.length}


def _unknown_value(unknown: messages_pb2.UnknownValue) -> dict[str, Any]:
    _allow(0 < len(unknown.column) <= 100)
    return {"column": without_nul(unknown.column), "value": unknown.value}


def _allow(holds: bool) -> None:
    if not holds:
        raise Refused()


def _json(items: list[dict[str, Any]]) -> str:
    for item in items:
        for name, value in item.items():
            if isinstance(value, str) and "\0" in value:
                item[name] = without_nul(value)
    return json.dumps(items, ensure_ascii=False)
