"""The hand-written checks of ingest refuse exactly what the contract's rules refuse."""

from typing import Any

import pytest
from assistant.sync.v1 import messages_pb2, sync_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from svc_kit.errors import InvalidInput
from svc_kit.validation import violations_of
from sync_svc.api.parse_batches import batch_of_one, batch_of_stream, contacts_of


def _sized(limit: int) -> st.SearchStrategy[str]:
    """Texts about as long as a limit, of one- and four-byte characters, without NUL."""
    lengths = st.sampled_from([0, 1, limit - 1, limit, limit + 1]) | st.integers(0, 20)
    return st.builds(lambda character, length: character * length, st.sampled_from(["x", "é", "😀"]), lengths)


def _some(strategy: st.SearchStrategy[Any], limit: int) -> st.SearchStrategy[list[Any]]:
    """Mostly short lists, sometimes one at a limit."""
    at_limit = st.builds(lambda one, n: [one] * n, strategy, st.sampled_from([limit, limit + 1]))
    return st.one_of(st.just([]), st.lists(strategy, max_size=2), at_limit)


def _fields(made: type[Message], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of a message's fields; all of them have to be named, so that none that is new in the contract is forgotten."""
    assert fields.keys() == set(made.DESCRIPTOR.fields_by_name), made
    return st.fixed_dictionaries({}, optional=fields)


def _built(made: type[Message], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return _fields(made, **fields).map(lambda chosen: made(**chosen))


TIMES = st.builds(
    lambda seconds, nanos: Timestamp(seconds=seconds, nanos=nanos),
    st.integers(-(10**9), 4 * 10**9),
    st.integers(0, 10**9 - 1),
)
INT32, INT64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
ATTACHMENT = _built(
    messages_pb2.Attachment,
    guid=_sized(200),
    name=_sized(500),
    mime_type=_sized(200),
    size_bytes=st.integers(0, 2**40),
    uti=_sized(200),
    is_sticker=st.booleans(),
    is_offloaded=st.booleans(),
    transcription=_sized(20_000),
)
REACTION = _built(messages_pb2.Reaction, sender_id=_sized(300), kind=_sized(50), reacted_at=TIMES, part=INT32)
EDIT = _built(messages_pb2.MessageEdit, text=_sized(100_000), edited_at=TIMES, part=INT32)
GROUP_EVENT = _built(
    messages_pb2.GroupEvent,
    kind=st.integers(-1, 15),
    handle=_sized(300),
    name=_sized(300),
    title=_sized(500),
    item_type=INT64,
    action_type=INT64,
)
APP = _built(messages_pb2.AppBalloon, bundle_id=_sized(300), label=_sized(200))
MENTION = _built(messages_pb2.Mention, handle=_sized(300), start=INT32, length=INT32)
UNKNOWN_VALUE = _built(messages_pb2.UnknownValue, column=_sized(100), value=INT64)

# Fields that make a message right, so that most examples reach the field that is wrong.
MESSAGE = st.builds(
    lambda base, change: sync_pb2.SyncedMessage(**{**base, **change}),
    st.just(
        {"imessage_guid": "g", "conversation_id": "c", "direction": 1, "sent_at": Timestamp(seconds=1), "text": "t"}
    ),
    _fields(
        sync_pb2.SyncedMessage,
        imessage_guid=_sized(200),
        conversation_id=_sized(300).filter(bool),
        sender_id=_sized(300),
        direction=st.integers(-1, 4),
        message_type=st.integers(-1, 14),
        text=_sized(100_000),
        sent_at=st.none() | TIMES,
        service=_sized(50),
        state_hash=INT64,
        read_at=TIMES,
        delivered_at=TIMES,
        edited_at=TIMES,
        unsent_at=TIMES,
        reply_to_guid=_sized(200),
        attachments=_some(ATTACHMENT, 100),
        reactions=_some(REACTION, 200),
        edits=_some(EDIT, 50),
        subject=_sized(1000),
        destination=_sized(300),
        is_read=st.booleans(),
        is_delivered=st.booleans(),
        error_code=INT64,
        is_scheduled=st.booleans(),
        is_spam=st.booleans(),
        is_backfill=st.booleans(),
        has_one_time_code=st.booleans(),
        text_undecodable=st.booleans(),
        group_event=GROUP_EVENT,
        app=APP,
        mentions=_some(MENTION, 100),
        unsent_parts=_some(INT32, 100),
        reply_to_part=INT32,
        unknown_values=_some(UNKNOWN_VALUE, 20),
    ),
)
CONVERSATION = _built(
    sync_pb2.SyncedConversation,
    conversation_id=_sized(300),
    display_name=_sized(500),
    participants=_some(_sized(300), 500),
    service=_sized(50),
    is_group=st.booleans(),
    is_self=st.booleans(),
    merge_key=_sized(300),
    is_orphaned=st.booleans(),
    is_filtered=st.booleans(),
    is_short_code=st.booleans(),
)
CONTACT = _built(
    sync_pb2.SyncedContact,
    apple_id=_sized(200),
    display_name=_sized(300),
    phone_number=_sized(100),
    email=_sized(300),
    avatar_hash=_sized(128),
    handles=_some(_sized(300), 100),
)


def _agrees(request: Message, parse: Any, field: str = "") -> None:
    """Both take it, or both refuse it and name the same fields first."""
    violations = violations_of(request)
    if not violations:
        parse(request)
        return
    with pytest.raises(InvalidInput) as refused:
        parse(request)
    assert list(refused.value.violations) == violations[: len(refused.value.violations)]


@settings(max_examples=400, deadline=None)
@given(st.lists(MESSAGE, max_size=2), st.lists(CONVERSATION, max_size=2), _sized(500))
def test_a_stream_message_is_checked_as_the_contract_says(messages, conversations, cursor):
    request = sync_pb2.SyncMessagesRequest(messages=messages, conversations=conversations, cursor=cursor)

    _agrees(request, batch_of_stream)


@settings(max_examples=200, deadline=None)
@given(st.lists(MESSAGE, max_size=2), _sized(300), _sized(500), _some(_sized(300), 500), _sized(500))
def test_a_batch_is_checked_as_the_contract_says(messages, reference, name, participants, cursor):
    for message in messages:
        message.conversation_id = ""
    request = sync_pb2.SyncMessageBatchRequest(
        conversation_id=reference, display_name=name, participants=participants, messages=messages, cursor=cursor
    )

    _agrees(request, batch_of_one)


@settings(max_examples=200, deadline=None)
@given(st.lists(CONTACT, max_size=2))
def test_contacts_are_checked_as_the_contract_says(contacts):
    _agrees(sync_pb2.SyncContactsRequest(contacts=contacts), contacts_of)
    _agrees(sync_pb2.SyncContactBatchRequest(contacts=contacts), lambda request: contacts_of(request, least=1))


GOOD: dict[str, Any] = {"imessage_guid": "g", "conversation_id": "c", "direction": 1, "sent_at": Timestamp(seconds=1)}


@pytest.mark.parametrize("more", [0, 1])
def test_a_stream_message_has_a_size(more):
    message, conversation = sync_pb2.SyncedMessage(**GOOD), sync_pb2.SyncedConversation(conversation_id="c")

    _agrees(sync_pb2.SyncMessagesRequest(messages=[message] * (2000 + more)), batch_of_stream)
    _agrees(sync_pb2.SyncMessagesRequest(conversations=[conversation] * (500 + more)), batch_of_stream)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"conversation_id": ""}, "messages[1].conversation_id"),
        ({"imessage_guid": "a\0"}, "messages[1].imessage_guid"),
        ({"sender_id": "\0"}, "messages[1].sender_id"),
        ({"sent_at": Timestamp(seconds=10**12)}, "messages[1].sent_at"),
        ({"destination": "\0"}, "messages[1].destination"),
        ({"read_at": Timestamp(seconds=-(10**12))}, "messages[1].read_at"),
    ],
)
def test_what_the_contract_cannot_say_is_refused_by_name(change, field):
    messages = [sync_pb2.SyncedMessage(**GOOD), sync_pb2.SyncedMessage(**{**GOOD, **change})]

    with pytest.raises(InvalidInput) as refused:
        batch_of_stream(sync_pb2.SyncMessagesRequest(messages=messages))

    assert refused.value.violations[0][0] == field


@pytest.mark.parametrize("field", ["conversation_id", "service", "merge_key"])
def test_a_nul_in_an_id_of_a_chat_is_refused_by_name(field):
    fields: dict[str, Any] = {"conversation_id": "c", field: "a\0"}
    described = sync_pb2.SyncedConversation(**fields)

    with pytest.raises(InvalidInput) as refused:
        batch_of_stream(sync_pb2.SyncMessagesRequest(conversations=[described]))

    assert refused.value.violations[0][0] == f"conversations[0].{field}"


def test_a_described_conversation_is_named_by_its_guid():
    described = sync_pb2.SyncedConversation(conversation_id="0190a5c0-0000-7000-8000-000000000001")

    with pytest.raises(InvalidInput) as refused:
        batch_of_stream(sync_pb2.SyncMessagesRequest(conversations=[described]))

    assert refused.value.violations[0][0] == "conversations[0].conversation_id"
