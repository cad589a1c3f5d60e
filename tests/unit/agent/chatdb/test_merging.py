"""Chats that are one conversation to a person."""

import pytest

from agent.contacts.address_book import Card
from tests.chatdb_builder import ANA, BEN, CLEO, OWN_MAIL, ChatDb
from tests.unit.agent.chatdb.reading import chats

ANAS_MAIL = "ana@example.com"


def key(db: ChatDb, chat: int, **options: object) -> str:
    (guid,) = db.connection.execute("SELECT guid FROM chat WHERE ROWID = ?", (chat,)).fetchone()
    return chats(db.path, **options)[guid].merge_key


def test_one_persons_services_are_one_conversation(db: ChatDb):
    message, sms = db.direct(ANA), db.direct(ANA, "SMS")

    assert key(db, message) == key(db, sms) == f"d:{ANA}"


def test_a_chat_whose_guid_was_renamed_by_a_new_macos_has_the_same_key(db: ChatDb):
    chat = db.direct(ANA)
    before = key(db, chat)
    db.connection.execute("UPDATE chat SET guid = ? WHERE ROWID = ?", (f"any;-;{ANA}", chat))

    assert key(db, chat) == before


def test_a_card_makes_its_addresses_one_person(db: ChatDb):
    phone, mail, other = db.direct(ANA), db.direct(ANAS_MAIL), db.direct(BEN)
    cards = (Card("1", "Ana Lund", ("(202) 555-0150",), (ANAS_MAIL.upper(),)),)

    assert key(db, phone) != key(db, mail)
    assert key(db, phone, cards=cards) == key(db, mail, cards=cards) != key(db, other, cards=cards)


def test_cards_of_two_sources_with_one_address_are_one_person(db: ChatDb):
    chats_of_hers = db.direct(ANA), db.direct(ANAS_MAIL), db.direct(CLEO)
    cards = (Card("1", "Ana Lund", (ANA,), (ANAS_MAIL,)), Card("2", "Ana Lund", (CLEO,), (ANAS_MAIL,)))

    assert len({key(db, chat, cards=cards) for chat in chats_of_hers}) == 1


def test_an_address_on_the_cards_of_two_people_joins_them_not(db: ChatDb):
    landline = "+12025550199"
    ana, cleo, both = db.direct(ANA), db.direct(CLEO), db.direct(landline)
    cards = (Card("1", "Ana Lund", (ANA, landline), ()), Card("2", "Cleo Lund", (CLEO, landline), ()))

    assert len({key(db, chat, cards=cards) for chat in (ana, cleo, both)}) == 3


def test_messages_own_person_joins_handles(db: ChatDb):
    db.handle(ANA, person_centric_id="P1")
    db.handle(ANAS_MAIL, person_centric_id="P1")
    db.handle(BEN, person_centric_id=None)

    assert key(db, db.direct(ANA)) == key(db, db.direct(ANAS_MAIL)) != key(db, db.direct(BEN))


def test_a_shared_lookup_identifier_joins_chats(db: ChatDb):
    first, second = db.direct(ANA), db.direct(ANAS_MAIL)
    for chat in (first, second):
        db.insert("chat_lookup", identifier="person", domain="x", chat=chat)

    assert key(db, first) == key(db, second)


def test_a_lookup_identifier_joins_no_group_to_a_person(db: ChatDb):
    person, group = db.direct(ANA), db.group(ANA, BEN)
    for chat in (person, group):
        db.insert("chat_lookup", identifier="x", domain="x", chat=chat)

    assert key(db, person) != key(db, group)


def test_a_group_is_the_same_over_services(db: ChatDb):
    first = db.group(ANA, BEN, name="Both")
    second = db.group(BEN, ANA, name="Both", service="SMS")

    assert key(db, first) == key(db, second)


def test_the_same_people_may_have_two_groups(db: ChatDb):
    assert key(db, db.group(ANA, BEN, name="Family")) != key(db, db.group(ANA, BEN, name="Her birthday"))


def test_a_group_is_known_by_its_people_whatever_address_they_use(db: ChatDb):
    cards = (Card("1", "Ana Lund", (ANA,), (ANAS_MAIL,)),)

    assert key(db, db.group(ANA, BEN), cards=cards) == key(db, db.group(ANAS_MAIL, BEN), cards=cards)


@pytest.mark.parametrize("column", ["group_id", "original_group_id"])
def test_messages_own_group_id_joins_groups(db: ChatDb, column: str):
    first = db.group(ANA, BEN, name="Before")
    second = db.group(ANA, BEN, CLEO, name="After")
    (group_id,) = db.connection.execute("SELECT group_id FROM chat WHERE ROWID = ?", (first,)).fetchone()
    db.connection.execute(f"UPDATE chat SET {column} = ? WHERE ROWID = ?", (group_id, second))  # noqa: S608

    assert key(db, first) == key(db, second)


def test_every_chat_stays_itself(db: ChatDb):
    db.direct(ANA)
    db.direct(ANA, "SMS")

    assert set(chats(db.path)) == {f"iMessage;-;{ANA}", f"SMS;-;{ANA}"}


def test_a_group_of_nobody_known_stands_alone(db: ChatDb):
    first, second = db.group(name="x", group_id=None), db.group(name="x", group_id=None)

    assert key(db, first) == key(db, second) == ""


def test_the_owner_is_one_person(db: ChatDb):
    assert key(db, db.direct(OWN_MAIL)) == "self"
