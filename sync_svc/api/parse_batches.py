"""Stream messages and REST batches: from the contract to batches, all of one or none."""

from __future__ import annotations

from assistant.sync.v1 import sync_pb2

from svc_kit.errors import InvalidInput
from sync_svc.api.parse_messages import message_row
from sync_svc.api.parse_values import without_nul
from sync_svc.api.refusal import Refused, invalid_input
from sync_svc.domain.chat_guid import as_server_id
from sync_svc.domain.incoming import Batch, IncomingContact, IncomingConversation, MessageRow

MAX_MESSAGES = 2_000
MAX_CONVERSATIONS = 500
MAX_CONTACTS = 2_000
MAX_CURSOR = 500

_MessagesRequest = sync_pb2.SyncMessagesRequest | sync_pb2.SyncMessageBatchRequest
_CursorRequest = _MessagesRequest | sync_pb2.DeleteMessagesRequest
_ContactsRequest = sync_pb2.SyncContactsRequest | sync_pb2.SyncContactBatchRequest


def batch_of_stream(request: sync_pb2.SyncMessagesRequest) -> Batch:
    """One stream message. Raises InvalidInput naming each wrong field."""
    _require(
        len(request.messages) <= MAX_MESSAGES and len(request.conversations) <= MAX_CONVERSATIONS,
        request,
        "messages",
    )
    check_cursor(request)
    return Batch(
        conversations=_conversations(request),
        messages=_rows(request, ""),
        cursor=request.cursor,
        size_bytes=request.ByteSize(),
    )


def batch_of_one(request: sync_pb2.SyncMessageBatchRequest) -> Batch:
    """The unary twin: messages of one conversation. Raises InvalidInput naming each wrong field."""
    reference = request.conversation_id
    _require(0 < len(reference) <= 300, request, "conversation_id")
    _require(0 < len(request.messages) <= MAX_MESSAGES, request, "messages")
    check_cursor(request)
    described = IncomingConversation(
        imessage_id=reference,
        display_name=without_nul(request.display_name),
        is_group=request.is_group,
        participants=tuple(request.participants),
        is_complete=False,
    )
    try:
        _check_conversation(described)
    except Refused as refused:
        raise _without_place(request, refused) from refused
    is_new = as_server_id(reference) is None
    return Batch(
        conversations=[described] if is_new else [],
        messages=_rows(request, reference),
        cursor=request.cursor,
        size_bytes=request.ByteSize(),
    )


def contacts_of(request: _ContactsRequest, least: int = 0) -> list[IncomingContact]:
    """The contacts of a request. Raises InvalidInput naming each wrong field."""
    _require(least <= len(request.contacts) <= MAX_CONTACTS, request, "contacts")
    contacts = []
    for place, contact in enumerate(request.contacts):
        try:
            contacts.append(_contact(contact))
        except Refused as refused:
            raise invalid_input(request, f"contacts[{place}]", refused) from refused
    return contacts


def check_cursor(request: _CursorRequest) -> None:
    """Raises InvalidInput for a cursor that cannot be kept."""
    _require(len(request.cursor) <= MAX_CURSOR, request, "cursor")
    if "\0" in request.cursor:
        raise InvalidInput("cursor", "must not contain a NUL character")


def _rows(request: _MessagesRequest, of_batch: str) -> list[MessageRow]:
    rows: list[MessageRow] = []
    add = rows.append
    try:
        for message in request.messages:
            add(message_row(message, of_batch))
    except Refused as refused:
        raise invalid_input(request, f"messages[{len(rows)}]", refused) from refused
    return rows


def _conversations(request: sync_pb2.SyncMessagesRequest) -> list[IncomingConversation]:
    found = []
    for place, conversation in enumerate(request.conversations):
        described = IncomingConversation(
            imessage_id=conversation.conversation_id,
            display_name=without_nul(conversation.display_name),
            is_group=conversation.is_group,
            is_self=conversation.is_self,
            service=conversation.service,
            participants=tuple(conversation.participants),
            merge_key=conversation.merge_key,
            is_orphaned=conversation.is_orphaned,
            is_filtered=conversation.is_filtered,
            is_short_code=conversation.is_short_code,
        )
        try:
            _check_conversation(described)
        except Refused as refused:
            raise invalid_input(request, f"conversations[{place}]", refused) from refused
        found.append(described)
    return found


def _check_conversation(conversation: IncomingConversation) -> None:
    guid = conversation.imessage_id
    _allow(0 < len(guid) <= 300 and len(conversation.display_name) <= 500 and len(conversation.service) <= 50)
    _allow(len(conversation.merge_key) <= 300)
    _allow(len(conversation.participants) <= 500 and all(0 < len(one) <= 300 for one in conversation.participants))
    _refuse_nul("conversation_id", guid)
    _refuse_nul("service", conversation.service)
    _refuse_nul("merge_key", conversation.merge_key)
    for place, handle in enumerate(conversation.participants):
        _refuse_nul(f"participants[{place}]", handle)
    if conversation.is_complete and as_server_id(guid) is not None:
        raise Refused("conversation_id", "must be the chat's GUID")


def _contact(contact: sync_pb2.SyncedContact) -> IncomingContact:
    apple_id, phone, email = contact.apple_id, contact.phone_number, contact.email
    handles = tuple(contact.handles)
    _allow(0 < len(apple_id) <= 200 and len(contact.display_name) <= 300 and len(phone) <= 100 and len(email) <= 300)
    _allow(len(contact.avatar_hash) <= 128 and len(handles) <= 100 and all(0 < len(one) <= 300 for one in handles))
    for field in ("apple_id", "phone_number", "email", "avatar_hash"):
        _refuse_nul(field, getattr(contact, field))
    for place, handle in enumerate(handles):
        _refuse_nul(f"handles[{place}]", handle)
    known = dict.fromkeys(one for one in (phone, email, *handles) if one)
    return IncomingContact(apple_id, without_nul(contact.display_name), phone, email, contact.avatar_hash, tuple(known))


def _require(holds: bool, request: _CursorRequest | _ContactsRequest, field: str) -> None:
    if not holds:
        raise invalid_input(request, field, Refused())


def _without_place(request: sync_pb2.SyncMessageBatchRequest, refused: Refused) -> InvalidInput:
    found = invalid_input(request, "", refused)
    return InvalidInput.of([(field.lstrip("."), what) for field, what in found.violations])


def _allow(holds: bool) -> None:
    if not holds:
        raise Refused()


def _refuse_nul(field: str, value: str) -> None:
    if "\0" in value:
        raise Refused(field, "must not contain a NUL character")
