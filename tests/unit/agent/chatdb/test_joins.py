"""Which chat a message belongs to, and who sent it."""

from typing import Any

from agent.chatdb.reader import MessagesReader
from tests.chatdb_builder import ANA, BEN, DATE, OWN_MAIL, OWN_PHONE, ChatDb
from tests.unit.agent.chatdb.reading import chats, messages, only, readings, texts

LONG_AFTER_NS = DATE + 978_307_200_000_000_000 + 86_400_000_000_000
MOMENT_LATER_NS = DATE + 978_307_200_000_000_000 + 10_000_000_000


def test_a_message_that_belongs_to_no_chat_is_not_lost(db: ChatDb):
    db.message(None, "orphan", sender=ANA)
    db.message(db.direct(ANA), "has a chat")

    orphan, other = messages(db.path)

    assert (orphan.text, orphan.chat_guid, orphan.sender) == ("orphan", "orphaned", ANA)
    assert other.chat_guid == f"iMessage;-;{ANA}"


def test_an_orphan_of_a_known_room_goes_to_its_group(db: ChatDb):
    group = db.group(ANA, BEN)
    room, guid = db.connection.execute("SELECT room_name, guid FROM chat WHERE ROWID = ?", (group,)).fetchone()
    db.message(None, "lost its place", sender=ANA, cache_roomnames=room)

    assert only(db.path).chat_guid == guid


def test_orphans_are_described_as_a_conversation_of_their_own(db: ChatDb):
    db.message(None, "orphan")

    (reading,) = readings(db.path)

    assert [(chat.guid, chat.is_orphaned) for chat in reading.chats] == [("orphaned", True)]


def test_a_message_in_two_chats_comes_once_and_always_from_the_same(db: ChatDb):
    first, second = db.direct(ANA), db.direct(BEN)
    sent = db.message(second, "once")
    db.join(first, sent.rowid)

    assert only(db.path).chat_guid == f"iMessage;-;{ANA}"


def test_a_chat_whose_row_is_gone_makes_its_messages_orphans(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "left behind")
    db.connection.execute("DELETE FROM chat WHERE ROWID = ?", (chat,))

    assert only(db.path).chat_guid == "orphaned"


def test_of_two_chats_the_one_that_is_still_there_counts(db: ChatDb):
    gone, there = db.direct(ANA), db.direct(BEN)
    said = db.message(gone, "in both")
    db.join(there, said.rowid)
    db.connection.execute("DELETE FROM chat WHERE ROWID = ?", (gone,))

    assert only(db.path).chat_guid == f"iMessage;-;{BEN}"


def test_a_row_without_its_chat_is_held_while_the_chat_may_follow(db: ChatDb):
    db.message(db.direct(ANA), "first")
    late = db.message(None, "late")

    (reading,) = readings(db.path, hold_from=99, now_ns=lambda: MOMENT_LATER_NS)
    (later,) = readings(db.path, hold_from=99, now_ns=lambda: LONG_AFTER_NS)

    assert ([message.text for message in reading.messages], reading.held) == (["first"], [late.rowid])
    assert [message.text for message in later.messages] == ["first", "late"]


def test_a_row_that_was_written_under_our_eyes_is_held_however_old_its_date(db: ChatDb):
    seen = db.message(db.direct(ANA), "was there before")
    old = db.message(None, "filled in by iCloud", date=DATE - 10**18)

    (reading,) = readings(db.path, hold_from=seen.rowid, now_ns=lambda: LONG_AFTER_NS)

    assert reading.held == [old.rowid]


def test_a_held_row_is_read_when_it_has_its_chat(db: ChatDb):
    chat, late = db.direct(ANA), db.message(None, "late")

    with MessagesReader(db.path) as reader:
        (before,) = reader.rows([late.rowid], hold_from=0)
        db.join(chat, late.rowid)
        (after,) = reader.rows([late.rowid], hold_from=0)

    assert (before.messages, before.held) == ([], [late.rowid])
    assert [message.text for message in after.messages] == ["late"]


def test_a_chat_that_appears_while_reading_is_known(db: ChatDb):
    with MessagesReader(db.path) as reader:
        db.message(db.direct(ANA), "one")
        first = reader.after(0, 99)
        db.message(db.direct(BEN), "two")
        second = reader.after(1, 99)

    assert first is not None
    assert second is not None
    assert [reading.messages[0].chat_guid for reading in (first, second)] == [f"iMessage;-;{ANA}", f"iMessage;-;{BEN}"]


def test_somebody_who_joins_a_known_group_while_reading_is_known(db: ChatDb):
    with MessagesReader(db.path) as reader:
        group = db.group(ANA)
        db.message(group, "one", sender=ANA)
        reader.after(0, 99)
        db.message(group, "two", sender=BEN)

        second = reader.after(1, 99)

    assert second is not None
    assert [message.sender for message in second.messages] == [BEN]


def test_rows_are_read_in_the_order_in_which_they_were_written(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "written first, dated last", date=DATE + 9_000_000_000_000)
    db.message(chat, "second")

    assert texts(db.path) == ["written first, dated last", "second"]


def test_a_group_messages_handle_is_its_sender(db: ChatDb):
    group = db.group(ANA, BEN)
    db.message(group, "hers", sender=ANA)
    db.message(group, "his", sender=BEN)

    assert [message.sender for message in messages(db.path)] == [ANA, BEN]


def test_an_own_message_has_no_sender_although_its_row_names_the_recipient(db: ChatDb):
    db.message(db.direct(ANA), "mine", handle_id=db.handle(ANA))

    message = only(db.path)

    assert (message.from_me, message.sender) == (True, "")


def test_a_sender_that_the_row_does_not_name_is_the_other_one_of_two(db: ChatDb):
    db.message(db.direct(ANA), "who?", is_from_me=0)
    db.message(db.group(ANA, BEN), "in a group nobody knows", is_from_me=0)

    assert [message.sender for message in messages(db.path)] == [ANA, ""]


def test_a_location_may_be_the_owners_although_the_row_says_otherwise(db: ChatDb):
    chat = db.direct(ANA)
    started: dict[str, Any] = {"item_type": 4, "is_from_me": 0, "other_handle": db.handle(ANA)}
    db.message(chat, **started, share_direction=0)
    db.message(chat, **started, share_direction=1)

    assert [message.from_me for message in messages(db.path)] == [True, False]


def test_each_message_says_which_of_the_owners_addresses_it_went_to(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "to the phone", sender=ANA)
    db.message(chat, "to the mail", sender=ANA, destination_caller_id=OWN_MAIL)

    assert [message.destination for message in messages(db.path)] == [OWN_PHONE, OWN_MAIL]


def test_a_note_to_self_is_recognised_by_every_trace_of_the_owners_addresses(db: ChatDb):
    other = "+12025550177"
    db.direct(OWN_MAIL)  # the account of every chat
    db.direct(OWN_PHONE)  # the last address of every chat
    db.direct(other)
    db.direct("third@example.com")
    db.message(db.direct(ANA), "x", destination_caller_id=other, account="E:third@example.com")

    found = chats(db.path)

    assert {guid for guid, chat in found.items() if chat.is_self} == {
        f"iMessage;-;{address}" for address in (OWN_MAIL, OWN_PHONE, other, "third@example.com")
    }
    assert found[f"iMessage;-;{OWN_MAIL}"].merge_key == found[f"iMessage;-;{OWN_PHONE}"].merge_key


def test_both_rows_of_a_note_to_self_are_messages(db: ChatDb):
    chat = db.direct(OWN_PHONE)
    db.message(chat, "buy milk")
    db.message(chat, "buy milk", sender=OWN_PHONE)

    assert [message.from_me for message in messages(db.path)] == [True, False]


def test_a_chat_without_messages_is_of_no_interest(db: ChatDb):
    db.message(db.direct(ANA), "x")
    db.direct(BEN)

    with MessagesReader(db.path) as reader:
        assert [chat.identifier for chat in reader.chats()] == [ANA]
