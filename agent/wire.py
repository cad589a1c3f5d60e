"""Puts what was read into the messages of the contract."""

from collections.abc import Iterable
from hashlib import blake2b, sha256
from typing import Final

from assistant.sync.v1 import messages_pb2, sync_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from agent.chatdb.records import Chat, EventKind, Extra, GroupEvent, Kind, Message
from agent.contacts.people import Contact

_NANOSECONDS: Final = 1_000_000_000
_TYPES: Final = {
    Kind.TEXT: messages_pb2.MESSAGE_TYPE_TEXT,
    Kind.IMAGE: messages_pb2.MESSAGE_TYPE_IMAGE,
    Kind.VIDEO: messages_pb2.MESSAGE_TYPE_VIDEO,
    Kind.AUDIO: messages_pb2.MESSAGE_TYPE_AUDIO,
    Kind.FILE: messages_pb2.MESSAGE_TYPE_FILE,
    Kind.STICKER: messages_pb2.MESSAGE_TYPE_STICKER,
    Kind.LINK: messages_pb2.MESSAGE_TYPE_LINK,
    Kind.APP: messages_pb2.MESSAGE_TYPE_APP,
    Kind.GROUP_EVENT: messages_pb2.MESSAGE_TYPE_GROUP_EVENT,
    Kind.OTHER: messages_pb2.MESSAGE_TYPE_OTHER,
}
_EVENTS: Final = {
    EventKind.UNKNOWN: messages_pb2.GROUP_EVENT_KIND_UNSPECIFIED,
    EventKind.ADDED: messages_pb2.GROUP_EVENT_KIND_ADDED,
    EventKind.REMOVED: messages_pb2.GROUP_EVENT_KIND_REMOVED,
    EventKind.LEFT: messages_pb2.GROUP_EVENT_KIND_LEFT,
    EventKind.NUMBER_CHANGED: messages_pb2.GROUP_EVENT_KIND_NUMBER_CHANGED,
    EventKind.RENAMED: messages_pb2.GROUP_EVENT_KIND_RENAMED,
    EventKind.PHOTO_CHANGED: messages_pb2.GROUP_EVENT_KIND_PHOTO_CHANGED,
    EventKind.PHOTO_REMOVED: messages_pb2.GROUP_EVENT_KIND_PHOTO_REMOVED,
    EventKind.BACKGROUND_CHANGED: messages_pb2.GROUP_EVENT_KIND_BACKGROUND_CHANGED,
    EventKind.BACKGROUND_REMOVED: messages_pb2.GROUP_EVENT_KIND_BACKGROUND_REMOVED,
    EventKind.LOCATION_STARTED: messages_pb2.GROUP_EVENT_KIND_LOCATION_STARTED,
    EventKind.LOCATION_STOPPED: messages_pb2.GROUP_EVENT_KIND_LOCATION_STOPPED,
    EventKind.AUDIO_KEPT: messages_pb2.GROUP_EVENT_KIND_AUDIO_KEPT,
    EventKind.CALL: messages_pb2.GROUP_EVENT_KIND_CALL,
}
# By place: looking an enum's member up in a dictionary costs more than all else that is done with it.
_TYPE_OF: Final = [_TYPES.get(kind, messages_pb2.MESSAGE_TYPE_OTHER) for kind in range(max(Kind) + 1)]  # type: ignore[call-overload]
_INCOMING: Final = messages_pb2.DIRECTION_INCOMING
_OUTGOING: Final = messages_pb2.DIRECTION_OUTGOING
# What a message takes in a request besides its content: its hash, whether it is late, and its length.
_BESIDE_CONTENT: Final = 16

# Limits of the contract.
_MAX_NAME: Final = 500
_MAX_HANDLE: Final = 300
_MAX_SERVICE: Final = 50
_MAX_PARTICIPANTS: Final = 500
_MAX_MERGE_KEY: Final = 300
_MAX_KIND: Final = 50
_MAX_REACTIONS: Final = 200
_MAX_PHONE: Final = 100


def fill_message(target: sync_pb2.SyncedMessage, message: Message) -> int:
    """Fill in a message with its state hash; return about how many bytes it takes in a request.

    Field by field: half the cost of the constructor with keywords, and this runs for every message.
    """
    target.imessage_guid = message.guid
    target.conversation_id = message.chat_guid
    target.sender_id = message.sender
    target.direction = _OUTGOING if message.from_me else _INCOMING
    target.message_type = _TYPE_OF[message.kind]
    target.text = message.text
    target.service = message.service
    target.destination = message.destination
    sent_at = target.sent_at
    sent_at.seconds, sent_at.nanos = divmod(message.sent_at, _NANOSECONDS)
    if message.read_at is not None:
        _fill_time(target.read_at, message.read_at)
    if message.delivered_at is not None:
        _fill_time(target.delivered_at, message.delivered_at)
    if message.is_read:
        target.is_read = True
    if message.is_delivered:
        target.is_delivered = True
    if message.extra is not None:
        _fill_extra(target, message.extra)
    # It is encoded once, for both: asking it for its size would encode it again.
    encoded = target.SerializeToString()
    target.state_hash = _hash_of(encoded)
    return len(encoded) + _BESIDE_CONTENT


def message_hash(message: Message) -> int:
    """Return the state hash of a message without sending it."""
    target = sync_pb2.SyncedMessage()
    fill_message(target, message)
    return target.state_hash


def content_hash(described: sync_pb2.SyncedConversation) -> int:
    """Return a hash of all that is said of a chat."""
    return _hash_of(described.SerializeToString())


def fill_conversation(target: sync_pb2.SyncedConversation, chat: Chat) -> None:
    """Fill in the description of a chat."""
    target.conversation_id = chat.guid
    # A one-to-one chat's name is a person's, and goes with the contacts.
    target.display_name = chat.display_name[:_MAX_NAME] if chat.is_group else ""
    target.is_group = chat.is_group
    target.is_self = chat.is_self
    target.service = chat.service[:_MAX_SERVICE]
    handles = (handle for handle in chat.participants if 0 < len(handle) <= _MAX_HANDLE)
    target.participants.extend(list(handles)[:_MAX_PARTICIPANTS])
    target.merge_key = chat.merge_key if len(chat.merge_key) <= _MAX_MERGE_KEY else ""
    target.is_orphaned = chat.is_orphaned
    target.is_filtered = chat.is_filtered
    target.is_short_code = chat.is_short_code


def contacts_of(contacts: Iterable[Contact]) -> list[sync_pb2.SyncedContact]:
    """Return people as the contract has them."""
    return [_contact(contact) for contact in contacts]


def digest_of(described: Iterable[sync_pb2.SyncedConversation | sync_pb2.SyncedContact]) -> str:
    """Return a hash of descriptions, whatever their order: equal as long as none of them has changed."""
    parts = sorted(one.SerializeToString() for one in described)
    content = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    return blake2b(content, digest_size=6).hexdigest()


def _hash_of(encoded: bytes) -> int:
    """Return a hash of all that is sent of a message, never 0: that would ask the server to compute one.

    Of its encoding, so that a field which a later version adds is in it by itself.
    """
    # SHA-256 is the quickest of the good ones: processors have instructions for it.
    digest = sha256(encoded).digest()
    return int.from_bytes(digest[:8], "little", signed=True) or 1


def _fill_extra(target: sync_pb2.SyncedMessage, extra: Extra) -> None:
    for name in (
        "subject",
        "reply_to_guid",
        "reply_to_part",
        "error_code",
        "is_scheduled",
        "is_spam",
        "has_one_time_code",
    ):
        value = getattr(extra, name)
        if value:
            setattr(target, name, value)
    if extra.undecodable:
        target.text_undecodable = True
    if extra.edited_at is not None:
        _fill_time(target.edited_at, extra.edited_at)
    if extra.unsent_at is not None:
        _fill_time(target.unsent_at, extra.unsent_at)
    if extra.group_event is not None:
        _fill_event(target.group_event, extra.group_event)
    if extra.app is not None:
        target.app.bundle_id, target.app.label = extra.app
    target.unsent_parts.extend(extra.unsent_parts)
    _fill_lists(target, extra)


def _fill_lists(target: sync_pb2.SyncedMessage, extra: Extra) -> None:
    for file in extra.attachments:
        target.attachments.add(
            guid=file.guid,
            name=file.name,
            mime_type=file.mime_type,
            size_bytes=file.size,
            uti=file.uti,
            is_sticker=file.is_sticker,
            is_offloaded=file.is_offloaded,
            transcription=file.transcription,
        )
    for reaction in extra.reactions[-_MAX_REACTIONS:]:
        added = target.reactions.add(
            sender_id=reaction.sender[:_MAX_HANDLE], kind=reaction.kind[:_MAX_KIND], part=reaction.part
        )
        _fill_time(added.reacted_at, reaction.reacted_at)
    for edit in extra.edits:
        _fill_time(target.edits.add(text=edit.text, part=edit.part).edited_at, edit.replaced_at)
    for mention in extra.mentions:
        target.mentions.add(handle=mention.handle, start=mention.start, length=mention.length)
    for column, value in extra.unknown:
        target.unknown_values.add(column=column, value=value)


def _fill_event(target: messages_pb2.GroupEvent, event: GroupEvent) -> None:
    target.kind = _EVENTS[event.kind]
    target.handle, target.title = event.handle, event.title
    target.item_type, target.action_type = event.item_type, event.action_type


def _fill_time(target: Timestamp, nanoseconds: int) -> None:
    target.seconds, target.nanos = divmod(nanoseconds, _NANOSECONDS)


def _contact(contact: Contact) -> sync_pb2.SyncedContact:
    handles = [handle for handle in contact.handles if 0 < len(handle) <= _MAX_HANDLE]
    phones = [handle for handle in handles if "@" not in handle and len(handle) <= _MAX_PHONE]
    emails = [handle for handle in handles if "@" in handle]
    return sync_pb2.SyncedContact(
        apple_id=contact.id,
        display_name=contact.display_name,
        phone_number=phones[0] if phones else "",
        email=emails[0] if emails else "",
        handles=handles,
    )
