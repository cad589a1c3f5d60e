"""What leaves the Mac keeps the contract, whatever the database holds."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import protovalidate
import pytest
from assistant.sync.v1 import messages_pb2, sync_pb2
from hypothesis import given
from hypothesis import strategies as st

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Chat, Edit, EventKind, Extra, GroupEvent, Kind, Message, Reaction, Reading
from agent.contacts.people import Contact
from agent.sync.requests import Newness, requests_of, requests_of_chats
from agent.wire import contacts_of, digest_of, fill_conversation, message_hash
from tests.chatdb_builder import ANA, BEN, DATE, ChatDb
from tests.unit.agent.chatdb.reading import messages, readings

HOUR_NS = 3_600_000_000_000


def test_every_request_of_the_demo_is_valid(demo_db: Path):
    described: set[str] = set()
    for reading in readings(demo_db):
        for request in requests_of(reading, described):
            protovalidate.validate(request)
    with MessagesReader(demo_db) as reader:
        for contact in contacts_of(reader.contacts()):
            protovalidate.validate(contact)


def test_a_request_stays_below_what_a_stream_message_may_hold(db: ChatDb):
    chat = db.direct(ANA)
    for _ in range(700):
        db.rich(chat, "wörter " * 60)

    requests = [request for reading in readings(db.path) for request in requests_of(reading, set())]

    assert sum(len(request.messages) for request in requests) == 700
    assert max(request.ByteSize() for request in requests) < 250_000


def test_a_reading_that_is_too_large_for_one_request_goes_in_several():
    message = _message(extra=Extra(edits=tuple(Edit("語" * 10_000, 1, 0) for _ in range(5))))
    sent = [message._replace(guid=str(number)) for number in range(60)]

    requests = requests_of(Reading(sent, [Chat("C")]), set(), cursor="x" * 500, is_late=lambda one: one.guid == "7")

    assert [one.imessage_guid for request in requests for one in request.messages] == [one.guid for one in sent]
    assert [one.imessage_guid for request in requests for one in request.messages if one.is_backfill] == ["7"]
    assert max(request.ByteSize() for request in requests) < 250_000
    assert [bool(request.cursor) for request in requests] == [False] * (len(requests) - 1) + [True]
    assert [len(request.conversations) for request in requests] == [1] + [0] * (len(requests) - 1)


def test_many_large_chats_go_before_the_messages_in_requests_of_their_own():
    members = tuple(f"{number}@example.com" for number in range(500))
    chats = [Chat(str(number), participants=members) for number in range(100)]

    requests = requests_of(Reading([_message()], chats), set())

    assert len(requests) > 1
    assert max(request.ByteSize() for request in requests) < 250_000
    assert [one.conversation_id for request in requests for one in request.conversations] == [one.guid for one in chats]
    assert [len(request.messages) for request in requests] == [0] * (len(requests) - 1) + [1]


def test_a_message_that_is_larger_than_a_request_should_be_goes_alone():
    small, large = _message(guid="small"), _message(guid="large", text="語" * 100_000)

    requests = requests_of(Reading([small, large, small]), set())

    assert [[one.imessage_guid for one in request.messages] for request in requests] == [
        ["small"],
        ["large"],
        ["small"],
    ]


@given(st.lists(st.integers(0, 90_000), max_size=20), st.booleans())
def test_a_request_is_as_large_as_it_was_taken_for(lengths: list[int], is_late: bool):
    messages = [_message(text="語" * length) for length in lengths]

    requests = requests_of(Reading(messages, [Chat("C")]), set(), is_late=lambda message: is_late)

    for request in requests:
        assert request.ByteSize() < 250_000 or len(request.messages) == 1
    for one, following in pairwise(requests):
        assert one.ByteSize() + following.messages[0].ByteSize() > 240_000


def test_what_is_too_long_for_the_contract_is_cut_or_left_out(db: ChatDb):
    crowd = db.group(*(f"{number}@example.com" for number in range(501)), "h" * 301, name="n" * 501)
    sent = db.message(
        crowd,
        "x" * 100_001,
        sender="h" * 301,
        service="s" * 51,
        subject="s" * 1_001,
        thread_originator_guid="t" * 201,
        destination_caller_id="d" * 301,
        balloon_bundle_id="b" * 400,
    )
    db.tapback(crowd, sent.guid, "x" * 60, sender=ANA)
    for _ in range(101):
        db.attach(sent, transfer_name="n" * 501, mime_type="m" * 201, uti="u" * 201)
    db.attach(sent, guid="g" * 201)
    db.message(crowd, item_type=2, group_title="t" * 501)
    db.message(crowd, "guid too long", guid="g" * 201)

    (reading,) = readings(db.path)
    (request,) = requests_of(reading, set())

    protovalidate.validate(request)
    assert len(request.messages) == 2
    assert len(request.conversations) == 1


def test_a_chat_whose_guid_is_too_long_leaves_its_messages_to_the_orphans(db: ChatDb):
    db.message(db.direct(ANA, guid="c" * 301), "still sent")

    (reading,) = readings(db.path)
    (request,) = requests_of(reading, set())

    protovalidate.validate(request)
    assert [conversation.is_orphaned for conversation in request.conversations] == [True]


def test_a_plain_message_carries_what_the_row_says(db: ChatDb):
    db.message(db.direct(ANA), "hello", sender=ANA, date=10, is_read=1, date_read=20)

    (reading,) = readings(db.path)
    (message,) = requests_of(reading, set())[0].messages

    assert (message.conversation_id, message.sender_id) == (f"iMessage;-;{ANA}", ANA)
    assert (message.direction, message.message_type) == (
        messages_pb2.DIRECTION_INCOMING,
        messages_pb2.MESSAGE_TYPE_TEXT,
    )
    assert (message.sent_at.seconds, message.read_at.seconds, message.is_read) == (978_307_210, 978_307_220, True)
    assert (message.service, message.destination) == ("iMessage", "+12025550100")


def test_a_rich_message_carries_all_of_it(db: ChatDb):
    group = db.group(ANA, BEN)
    sent = db.rich(
        group, "Ben, look", sender=ANA, subject="S", thread_originator_guid="T", thread_originator_part="1:0:1", error=4
    )
    db.edit(sent.guid, [("Ben", 770_000_000.0), ("Ben, look", 770_000_001.5)])
    db.attach(sent, guid="FILE")
    db.tapback(group, sent.guid, "🎉", sender=BEN, part=1)

    (reading,) = readings(db.path)
    (message,) = requests_of(reading, set())[0].messages

    protovalidate.validate(message)
    assert (message.subject, message.reply_to_guid, message.reply_to_part, message.error_code) == ("S", "T", 1, 4)
    assert [(edit.text, edit.edited_at.nanos) for edit in message.edits] == [("Ben", 500_000_000)]
    assert [file.guid for file in message.attachments] == ["FILE"]
    assert [(one.sender_id, one.kind, one.part) for one in message.reactions] == [(BEN, "🎉", 1)]


def test_every_kind_and_event_has_a_name_in_the_contract():
    for kind in Kind:
        assert _hash_of(_message(kind=kind))
    for event in EventKind:
        assert _hash_of(_message(kind=Kind.GROUP_EVENT, extra=Extra(group_event=GroupEvent(event, "", "", 1, 1))))


def test_a_conversation_is_described_once_a_stream(db: ChatDb):
    group = db.group(ANA, BEN, name="Both")
    db.message(group, "one")
    described: set[str] = set()

    (first,) = requests_of(readings(db.path)[0], described)
    db.message(group, "two")
    (second,) = requests_of(readings(db.path, after=1)[0], described)

    assert [conversation.display_name for conversation in first.conversations] == ["Both"]
    assert not second.conversations
    assert len(second.messages) == 1


def test_a_persons_name_goes_with_the_contacts_and_not_with_the_chat(db: ChatDb):
    db.message(db.direct(ANA, display_name="Ana Lund"), "x")

    (conversation,) = requests_of(readings(db.path)[0], set())[0].conversations
    with MessagesReader(db.path) as reader:
        (contact,) = contacts_of(reader.contacts())

    assert conversation.display_name == ""
    assert (contact.display_name, contact.phone_number, list(contact.handles)) == ("Ana Lund", ANA, [ANA])


def test_an_address_is_told_from_a_number():
    (contact,) = contacts_of([Contact("1", "Ben", (BEN, ANA))])

    assert (contact.email, contact.phone_number) == (BEN, ANA)


def test_a_chats_traits_are_described():
    target = sync_pb2.SyncedConversation()
    fill_conversation(target, Chat("g", merge_key="d:x", is_self=True, is_filtered=True, is_short_code=True))

    assert (target.merge_key, target.is_self, target.is_filtered, target.is_short_code) == ("d:x", True, True, True)


def test_many_chats_are_described_in_several_requests():
    requests = requests_of_chats(Chat(f"guid {number}") for number in range(1_001))

    for request in requests:
        protovalidate.validate(request)
    assert [len(request.conversations) for request in requests] == [500, 500, 1]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "b"},
        {"from_me": True},
        {"sent_at": 1},
        {"sender": BEN},
        {"chat_guid": "another"},
        {"is_read": True},
        {"read_at": 5},
        {"delivered_at": 5},
        {"extra": Extra(has_one_time_code=True)},
        {"extra": Extra(edited_at=5)},
        {"extra": Extra(edits=(Edit("a", 1, 0),))},
        {"extra": Extra(reactions=(Reaction("", "love", 1, 0),))},
        {"extra": Extra(unsent_parts=(1,))},
        {"extra": Extra(unknown=(("filter_action", 9),))},
    ],
)
def test_the_state_hash_follows_every_change_of_content(change: dict[str, Any]):
    message = _message()

    assert _hash_of(message) == _hash_of(message._replace()) == message_hash(message) != 0
    assert _hash_of(message) != _hash_of(message._replace(**change))


def test_that_a_message_is_late_is_no_part_of_its_state():
    message = _message()

    (news,) = requests_of(Reading([message]), set())[0].messages
    (late,) = requests_of(Reading([message]), set(), is_late=lambda message: True)[0].messages

    assert (news.is_backfill, late.is_backfill) == (False, True)
    assert news.state_hash == late.state_hash


def test_a_row_much_older_than_the_newest_message_is_no_news(db: ChatDb):
    chat = db.direct(ANA)
    for text, date in (
        ("old", DATE),
        ("new", DATE + 9 * HOUR_NS),
        ("filled in", DATE + HOUR_NS),
        ("next", DATE + 10 * HOUR_NS),
    ):
        db.message(chat, text, date=date)
    newness = Newness(0, HOUR_NS // 2, now_ns=2**62)

    assert [newness.is_late(message) for message in messages(db.path)] == [False, False, True, False]


def test_a_date_in_the_future_does_not_make_the_present_look_old(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "by a clock that was wrong", date=DATE + 1_000 * HOUR_NS)
    db.message(chat, "now", date=DATE + HOUR_NS)
    newness = Newness(0, HOUR_NS // 2, now_ns=DATE + 978_307_200_000_000_000 + 2 * HOUR_NS)

    assert [newness.is_late(message) for message in messages(db.path)] == [False, False]


def test_a_digest_of_descriptions_does_not_depend_on_their_order():
    contacts = contacts_of([Contact("1", "Ana", (ANA,)), Contact("2", "Ben", (BEN,))])

    assert digest_of(contacts) == digest_of(reversed(contacts)) != digest_of(contacts[:1])


def _message(**fields: Any) -> Message:
    plain = Message("G", "C", ANA, False, Kind.TEXT, "a", 7, "iMessage", "", None, None, False, False, None)
    return plain._replace(**fields)


def _hash_of(message: Message) -> int:
    (sent,) = requests_of(Reading([message]), set())[0].messages
    protovalidate.validate(sent)
    return sent.state_hash
