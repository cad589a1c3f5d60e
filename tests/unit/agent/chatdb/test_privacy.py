"""What the owner excludes never leaves the reader."""

from datetime import UTC, datetime

import pytest

from agent.chatdb.reader import MessagesReader
from agent.contacts.address_book import Card
from agent.privacy import Privacy
from tests.chatdb_builder import ANA, BEN, CLEO, DATE, ChatDb
from tests.unit.agent.chatdb.reading import chats, extra_of, messages, texts

MENTION = "__kIMMentionConfirmedMention"


def without(*excluded: str) -> Privacy:
    return Privacy.of(excluded)


@pytest.mark.parametrize("entry", [ANA, "(202) 555-0150", f"iMessage;-;{ANA}"])
def test_a_person_is_excluded_by_any_way_to_name_them(db: ChatDb, entry: str):
    db.message(db.direct(ANA), "hers", sender=ANA)
    db.message(db.direct(BEN), "his", sender=BEN)

    assert texts(db.path, privacy=without(entry)) == ["his"]
    assert set(chats(db.path, privacy=without(entry))) == {f"iMessage;-;{BEN}"}


def test_one_address_excludes_the_whole_person(db: ChatDb):
    db.message(db.direct("ana@example.com"), "by mail", sender="ana@example.com")
    cards = (Card("1", "Ana Lund", (ANA,), ("ana@example.com",)),)

    assert texts(db.path, cards=cards, privacy=without(ANA)) == []


def test_in_a_group_an_excluded_person_is_left_out_and_the_others_are_not(db: ChatDb):
    group = db.group(ANA, BEN, CLEO)
    said = db.message(group, "his", sender=BEN)
    db.message(group, "hers", sender=ANA)
    db.message(group, item_type=1, sender=BEN, other_handle=db.handle(ANA))
    db.tapback(group, said.guid, "love", sender=ANA)
    db.tapback(group, said.guid, "like", sender=CLEO)

    (message,) = messages(db.path, privacy=without(ANA))
    (chat,) = chats(db.path, privacy=without(ANA)).values()

    assert message.text == "his"
    assert [(reaction.sender, reaction.kind) for reaction in extra_of(message).reactions] == [(CLEO, "like")]
    assert chat.participants == (BEN, CLEO)


def test_a_mention_of_an_excluded_person_names_nobody(db: ChatDb):
    db.rich(db.group(ANA, BEN, CLEO), "Ana, Ben", sender=CLEO, runs=[(3, {MENTION: ANA}), (2, {}), (3, {MENTION: BEN})])

    (message,) = messages(db.path, privacy=without(ANA))

    assert [mention.handle for mention in extra_of(message).mentions] == [BEN]


def test_a_group_is_excluded_by_its_guid_or_room(db: ChatDb):
    group = db.group(ANA, BEN)
    db.message(group, "x", sender=ANA)
    guid, room = db.connection.execute("SELECT guid, room_name FROM chat").fetchone()

    assert texts(db.path, privacy=without(guid)) == texts(db.path, privacy=without(room)) == []


def test_groups_can_be_left_out(db: ChatDb):
    db.message(db.group(ANA, BEN), "in a group", sender=ANA)
    db.message(db.direct(ANA), "alone", sender=ANA)

    assert texts(db.path, privacy=Privacy(groups=False)) == ["alone"]


def test_what_was_sent_before_a_date_stays_on_the_mac(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "before", date=DATE)
    db.message(chat, "after", date=DATE + 3_600_000_000_000)
    since = datetime.fromtimestamp(DATE / 1e9 + 978_307_200 + 60, UTC)

    assert texts(db.path, privacy=Privacy.of(since=since)) == ["after"]


def test_an_orphan_that_may_be_excluded_stays_on_the_mac(db: ChatDb):
    group = db.group(ANA, BEN)
    guid, room = db.connection.execute("SELECT guid, room_name FROM chat").fetchone()
    db.message(None, "of the excluded group", sender=BEN, cache_roomnames=room)
    db.message(None, "of the owner, to nobody knows whom")
    db.message(None, "of the excluded person", sender=ANA)
    db.message(None, "of somebody else", sender=CLEO)

    assert group
    assert texts(db.path, privacy=without(guid, ANA)) == ["of somebody else"]
    assert texts(db.path, privacy=Privacy(groups=False)) == []


def test_excluded_people_are_no_contacts(db: ChatDb):
    db.direct(ANA)
    db.direct(BEN)
    cards = (
        Card("1", "Ana Lund", (ANA,), ()),
        Card("2", "Ben Ode", (), (BEN,)),
        Card("3", "Never written", (CLEO,), ()),
    )

    with MessagesReader(db.path, cards=cards, privacy=without(ANA)) as reader:
        assert [contact.display_name for contact in reader.contacts()] == ["Ben Ode"]
