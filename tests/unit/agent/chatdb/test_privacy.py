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


def test_a_chat_is_excluded_by_its_guid_after_macos_renamed_it(db: ChatDb):
    group = db.group(ANA, CLEO)
    db.message(group, "in the group", sender=ANA)
    db.message(db.direct(BEN), "his", sender=BEN)
    (old,) = db.connection.execute("SELECT guid FROM chat WHERE style = 43").fetchone()
    db.connection.execute("UPDATE chat SET guid = 'any;' || substr(guid, instr(guid, ';') + 1)")

    assert texts(db.path, privacy=without(old)) == ["his"]
    assert texts(db.path, privacy=without(f"iMessage;-;{BEN}")) == ["in the group"]


def test_a_direct_chats_guid_excludes_the_person(db: ChatDb):
    db.message(db.direct(BEN), "here", sender=BEN)
    db.message(db.direct(BEN, "SMS"), "by another service", sender=BEN)
    db.message(None, "without a chat", sender=BEN)

    assert texts(db.path, privacy=without(f"iMessage;-;{BEN}")) == []


def test_an_excluded_group_stays_excluded_when_its_chat_is_gone(db: ChatDb):
    group = db.group(ANA, BEN)
    guid, room = db.connection.execute("SELECT guid, room_name FROM chat").fetchone()
    db.message(group, "with its room", sender=BEN, cache_roomnames=room)
    db.message(group, "without", sender=BEN)
    db.connection.executescript("DELETE FROM chat_message_join; DELETE FROM chat_handle_join; DELETE FROM chat;")

    assert texts(db.path, privacy=without(guid)) == texts(db.path, privacy=without(room)) == []


def test_an_orphan_of_a_member_of_an_excluded_group_stays_on_the_mac(db: ChatDb):
    db.group(ANA, BEN)
    (guid,) = db.connection.execute("SELECT guid FROM chat").fetchone()
    db.message(None, "perhaps said in the group", sender=BEN)
    db.message(None, "said elsewhere", sender=CLEO)

    assert texts(db.path, privacy=without(guid)) == ["said elsewhere"]


@pytest.mark.parametrize("identifier", ["ana@example.com", None])
def test_what_the_owner_wrote_to_an_excluded_person_stays_whatever_the_chat_is_called(
    db: ChatDb, identifier: str | None
):
    chat = db.direct(ANA)
    db.message(chat, "to her")
    db.connection.execute("UPDATE chat SET chat_identifier = ?, guid = 'iMessage;-;x'", (identifier,))

    assert texts(db.path, privacy=without(ANA)) == []


def test_a_second_card_with_another_name_hides_nobody_from_the_rules(db: ChatDb):
    db.message(db.direct("ana@example.com"), "by mail", sender="ana@example.com")
    cards = (Card("1", "Ana Lund", (ANA,), ("ana@example.com",)), Card("2", "Ana", (ANA,), ()))

    assert texts(db.path, cards=cards, privacy=without(ANA)) == []


def test_who_shares_a_landline_with_an_excluded_person_is_not_excluded(db: ChatDb):
    db.message(db.direct(BEN), "his", sender=BEN)
    landline = "+12025550199"
    cards = (Card("1", "Ana Lund", (ANA, landline), ()), Card("2", "Ben Ode", (landline,), (BEN,)))

    assert texts(db.path, cards=cards, privacy=without(ANA)) == ["his"]
    assert texts(db.path, cards=cards, privacy=without(landline)) == []


@pytest.mark.parametrize("own", [("+447700900100",), ("+12025550100", "+447700900100"), ()])
@pytest.mark.parametrize("entry", ["07700 900123", "0044 7700 900123", "+44 7700 900123"])
def test_a_number_is_excluded_in_any_form_wherever_the_owner_lives(db: ChatDb, own: tuple[str, ...], entry: str):
    db.message(db.direct("+447700900123"), "excluded", sender="+447700900123")
    db.message(db.direct(BEN), "his", sender=BEN)
    db.connection.execute("UPDATE message SET destination_caller_id = NULL, account = NULL")
    db.connection.execute("UPDATE chat SET last_addressed_handle = NULL, account_login = NULL")
    for rowid, address in enumerate(own, 1):
        db.connection.execute("UPDATE chat SET last_addressed_handle = ? WHERE ROWID = ?", (address, rowid))

    assert texts(db.path, privacy=without(entry)) == ["his"]


def test_a_number_that_messages_holds_without_its_country_is_excluded_by_the_whole_number(db: ChatDb):
    db.message(db.direct("7700900123"), "excluded", sender="7700900123")

    assert texts(db.path, privacy=without("+44 7700 900123")) == []


@pytest.mark.parametrize("excluded_first", [True, False])
def test_a_message_in_two_chats_stays_when_one_of_them_is_excluded(db: ChatDb, excluded_first: bool):
    group = db.group(ANA, BEN) if excluded_first else 0
    direct = db.direct(CLEO)
    group = group or db.group(ANA, BEN)
    said = db.message(direct, "in both", sender=CLEO)
    db.join(group, said.rowid)
    (guid,) = db.connection.execute("SELECT guid FROM chat WHERE style = 43").fetchone()

    assert texts(db.path, privacy=without(guid)) == []
    assert texts(db.path) == ["in both"]


def test_an_excluded_person_who_is_new_does_not_react(db: ChatDb):
    group = db.group(ANA, BEN)
    first = db.message(group, "first", sender=BEN)
    with MessagesReader(db.path, privacy=without(CLEO)) as reader:
        said = db.message(group, "later", sender=BEN)
        db.tapback(group, said.guid, "dislike", sender=CLEO)
        reading = reader.after(first.rowid, reader.last_rowid(), hold_from=first.rowid)

    assert reading is not None
    assert [(message.text, message.extra) for message in reading.messages] == [("later", None)]


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
