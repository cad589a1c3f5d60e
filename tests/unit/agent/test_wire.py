"""What leaves the Mac keeps the contract, whatever the database holds."""

from pathlib import Path
from typing import Any

import protovalidate
import pytest
from assistant.sync.v1 import messages_pb2

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Batch, Chat, Contact, Message, Position
from agent.wire import contacts_of, cursor_of, position_of, request_of
from stack.demo_data.typedstream_writer import attributed_body
from tests.unit.agent.small_chat_db import ANA, BEN, SmallChatDb


def test_every_request_of_the_demo_is_valid(demo_db: Path):
    with MessagesReader(demo_db) as reader:
        known: set[str] = set()
        for batch in reader.batches(Position()):
            protovalidate.validate(request_of(batch, known))
        for contact in contacts_of(reader.contacts()):
            protovalidate.validate(contact)


def test_a_request_stays_below_what_a_stream_message_may_hold(db: SmallChatDb):
    chat = db.chat(ANA)
    for _ in range(700):
        db.message(chat, None, attributedBody=attributed_body("wörter " * 60))

    with MessagesReader(db.path) as reader:
        requests = [request_of(batch, set()) for batch in reader.batches(Position())]

    assert sum(len(request.messages) for request in requests) == 700
    assert max(request.ByteSize() for request in requests) < 250_000


def test_what_is_too_long_for_the_contract_is_cut_or_left_out(db: SmallChatDb):
    crowd = db.chat(*(f"{number}@example.com" for number in range(501)), "h" * 301, name="n" * 501, group=True)
    db.message(crowd, "x" * 100_001, handle_id=db.handle("h" * 301), service="s" * 51, thread_originator_guid="t" * 201)
    db.message(crowd, "guid too long", guid="g" * 201)
    db.connection.execute("INSERT INTO chat (guid) VALUES (?)", ("c" * 301,))
    db.message(crowd + 1, "chat guid too long")

    with MessagesReader(db.path) as reader:
        (batch,) = reader.batches(Position())
        request = request_of(batch, set())

    protovalidate.validate(request)
    assert len(request.messages) == 1
    assert len(request.conversations) == 1


def test_a_message_carries_what_the_row_says(db: SmallChatDb):
    chat = db.chat(ANA)
    db.message(chat, "late", handle_id=db.handle(ANA), date_edited=1, thread_originator_guid="GUID-0", date=10)

    with MessagesReader(db.path) as reader:
        (batch,) = reader.batches(Position())
        (message,) = request_of(batch, set()).messages

    assert message.imessage_guid == "GUID-1"
    assert message.conversation_id == f"iMessage;-;{ANA}"
    assert (message.sender_id, message.direction) == (ANA, messages_pb2.DIRECTION_INCOMING)
    assert message.message_type == messages_pb2.MESSAGE_TYPE_TEXT
    assert message.sent_at.seconds == 978_307_210
    assert message.edited_at.seconds == 978_307_201
    assert message.reply_to_guid == "GUID-0"
    assert message.service == "iMessage"


def test_a_conversation_is_described_once_a_stream(db: SmallChatDb):
    chat = db.chat(ANA, BEN, name="Both", group=True)
    db.message(chat, "one")
    known: set[str] = set()

    with MessagesReader(db.path) as reader:
        first = request_of(next(reader.batches(Position())), known)
        db.message(chat, "two")
        second = request_of(next(reader.batches(position_of(first.cursor))), known)

    assert [conversation.display_name for conversation in first.conversations] == ["Both"]
    assert not second.conversations
    assert len(second.messages) == 1


def test_a_persons_name_goes_with_the_contacts_and_not_with_the_chat(db: SmallChatDb):
    db.message(db.chat(ANA, name="Ana Lund"), "x")

    with MessagesReader(db.path) as reader:
        (batch,) = reader.batches(Position())
        (conversation,) = request_of(batch, set()).conversations
        (contact,) = contacts_of(reader.contacts())

    assert conversation.display_name == ""
    assert (contact.display_name, contact.phone_number, list(contact.handles)) == ("Ana Lund", ANA, [ANA])


def test_an_address_is_told_from_a_number():
    (contact,) = contacts_of([Contact(BEN, "Ben")])

    assert (contact.email, contact.phone_number) == (BEN, "")


@pytest.mark.parametrize(
    "change",
    [{"text": "b"}, {"from_me": True}, {"sent_at": 1}, {"has_one_time_code": True}, {"edited_at": 5}, {"sender": BEN}],
)
def test_the_state_hash_follows_every_change_of_content(db: SmallChatDb, change: dict[str, Any]):
    db.message(db.chat(ANA), "a", handle_id=db.handle(ANA))
    with MessagesReader(db.path) as reader:
        (message,) = next(reader.batches(Position())).messages

    assert state_hash_of(message) == state_hash_of(message._replace())
    assert state_hash_of(message) != state_hash_of(message._replace(**change))


def state_hash_of(message: Message) -> int:
    (sent,) = request_of(Batch([message], [], Position(1, message.guid)), set()).messages
    assert sent.state_hash != 0
    return sent.state_hash


def test_a_position_survives_the_server():
    position = Position(2**53 + 1, "GUID;with/anything")

    assert position_of(cursor_of(position)) == position
    assert len(cursor_of(Position(2**62, "g" * 200))) < 500


@pytest.mark.parametrize("cursor", ["", "x", "{}", "[1]", "7", '{"v":2,"rowid":5,"guid":"g"}', '{"v":1,"rowid":"x"}'])
def test_a_cursor_that_means_nothing_here_is_the_beginning(cursor: str):
    assert position_of(cursor) == Position()


def test_a_chat_without_name_or_people_is_valid():
    chat = Chat("guid", "", False, False, "", "", ())

    protovalidate.validate(request_of(Batch([], [chat], Position(1, "g")), set()))
