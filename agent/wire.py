"""Puts what was read into the messages of the contract."""

from hashlib import blake2b
from json import dumps, loads
from typing import Final

from assistant.sync.v1 import messages_pb2, sync_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from agent.chatdb.records import Batch, Chat, Contact, Kind, Message, Position

_NANOSECONDS: Final = 1_000_000_000
_TYPES: Final = {
    Kind.TEXT: messages_pb2.MESSAGE_TYPE_TEXT,
    Kind.AUDIO: messages_pb2.MESSAGE_TYPE_AUDIO,
    Kind.LINK: messages_pb2.MESSAGE_TYPE_LINK,
    Kind.APP: messages_pb2.MESSAGE_TYPE_APP,
    Kind.OTHER: messages_pb2.MESSAGE_TYPE_OTHER,
}
_INCOMING: Final = messages_pb2.DIRECTION_INCOMING
_OUTGOING: Final = messages_pb2.DIRECTION_OUTGOING

# Limits of the contract.
_MAX_NAME: Final = 500
_MAX_CONTACT_NAME: Final = 300
_MAX_HANDLE: Final = 300
_MAX_SERVICE: Final = 50
_MAX_PARTICIPANTS: Final = 500


def request_of(batch: Batch, known: set[str]) -> sync_pb2.SyncMessagesRequest:
    """Return one stream message for the batch; chats that are in `known` already are not described again."""
    request = sync_pb2.SyncMessagesRequest(cursor=cursor_of(batch.position))
    for chat in batch.chats:
        if chat.guid not in known:
            known.add(chat.guid)
            _fill_conversation(request.conversations.add(), chat)
    add = request.messages.add
    for message in batch.messages:
        _fill_message(add(), message)
    return request


def _fill_message(target: sync_pb2.SyncedMessage, message: Message) -> None:
    """Field by field: half the cost of the constructor with keywords, and this runs for every message."""
    target.imessage_guid = message.guid
    target.conversation_id = message.chat_guid
    target.sender_id = message.sender
    target.direction = _OUTGOING if message.from_me else _INCOMING
    target.message_type = _TYPES[message.kind]
    target.text = message.text
    target.service = message.service
    _fill_time(target.sent_at, message.sent_at)
    if message.edited_at is not None:
        _fill_time(target.edited_at, message.edited_at)
    if message.reply_to_guid:
        target.reply_to_guid = message.reply_to_guid
    if message.has_one_time_code:
        target.has_one_time_code = True
    if message.undecodable:
        target.text_undecodable = True
    target.state_hash = state_hash(target)


def _fill_time(target: Timestamp, nanoseconds: int) -> None:
    target.seconds, target.nanos = divmod(nanoseconds, _NANOSECONDS)


def state_hash(message: sync_pb2.SyncedMessage) -> int:
    """Return a hash of all that is sent of the message, never 0: that would ask the server to compute one.

    Of its encoding, so that a field which a later version adds is in it by itself.
    """
    digest = blake2b(message.SerializeToString(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True) or 1


def _fill_conversation(target: sync_pb2.SyncedConversation, chat: Chat) -> None:
    target.conversation_id = chat.guid
    # A one-to-one chat's name is a person's, and goes with the contacts.
    target.display_name = chat.display_name[:_MAX_NAME] if chat.is_group else ""
    target.is_group = chat.is_group
    target.is_self = chat.is_self
    target.service = chat.service[:_MAX_SERVICE]
    handles = (handle for handle in chat.participants if 0 < len(handle) <= _MAX_HANDLE)
    target.participants.extend(list(handles)[:_MAX_PARTICIPANTS])


def contacts_of(contacts: list[Contact]) -> list[sync_pb2.SyncedContact]:
    """Return the people that a handle is known of."""
    return [
        sync_pb2.SyncedContact(
            apple_id=f"handle:{contact.handle}"[:200],
            display_name=contact.display_name[:_MAX_CONTACT_NAME],
            phone_number="" if "@" in contact.handle else contact.handle[:100],
            email=contact.handle if "@" in contact.handle else "",
            handles=[contact.handle],
        )
        for contact in contacts
        if len(contact.handle) <= _MAX_HANDLE
    ]


def cursor_of(position: Position) -> str:
    """Return the position as the opaque text that the server keeps for us."""
    return dumps({"v": 1, "rowid": position.rowid, "guid": position.guid}, separators=(",", ":"))


def position_of(cursor: str) -> Position:
    """Return the position in a cursor; the beginning if there is none, or none that this version wrote."""
    try:
        fields = loads(cursor)
        if fields["v"] != 1:
            return Position()
        return Position(int(fields["rowid"]), str(fields["guid"]))
    except (ValueError, KeyError, TypeError):
        return Position()
