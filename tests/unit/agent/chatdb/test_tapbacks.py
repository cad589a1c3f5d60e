"""Reactions: which stand, on which message, by whom."""

import pytest

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Message, Reaction
from agent.chatdb.tapbacks import TapbackIndex, is_tapback, target_of
from tests.chatdb_builder import ANA, BEN, DATE, ChatDb
from tests.unit.agent.chatdb.reading import extra_of, messages, readings

UNIX_NS = 978_307_200_000_000_000


def first(db: ChatDb) -> Message:
    return messages(db.path)[0]


def kinds(db: ChatDb) -> list[tuple[str, str]]:
    extra = first(db).extra
    return [(reaction.sender, reaction.kind) for reaction in extra.reactions] if extra else []


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (2000, "love"),
        (2001, "like"),
        (2002, "dislike"),
        (2003, "laugh"),
        (2004, "emphasize"),
        (2005, "question"),
        (2007, "sticker"),
        (1000, "sticker"),
        (2042, "2042"),
    ],
)
def test_each_kind_of_reaction_is_known_and_unknown_ones_keep_their_number(db: ChatDb, number: int, kind: str):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    db.tapback(chat, sent.guid, "love", sender=ANA, associated_message_type=number)

    assert kinds(db) == [(ANA, kind)]


def test_an_emoji_is_itself(db: ChatDb):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    db.tapback(chat, sent.guid, "🎉", sender=ANA)

    assert kinds(db) == [(ANA, "🎉")]


@pytest.mark.parametrize("number", [3000, 3001, 3005, 3006, 3007])
def test_a_reaction_that_was_taken_away_does_not_stand(db: ChatDb, number: int):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    db.message(
        chat,
        "Loved “said”",
        sender=ANA,
        associated_message_guid=f"p:0/{sent.guid}",
        associated_message_type=number - 1000,
    )
    db.message(chat, "Removed", sender=ANA, associated_message_guid=f"p:0/{sent.guid}", associated_message_type=number)

    assert kinds(db) == []


def test_of_one_persons_reactions_the_last_one_stands(db: ChatDb):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    for number, date in ((2000, DATE + 9), (2003, DATE + 5)):
        db.message(
            chat, "x", sender=ANA, associated_message_guid=f"p:0/{sent.guid}", associated_message_type=number, date=date
        )

    assert kinds(db) == [(ANA, "love")]  # by its date, not by its row


def test_everybody_has_a_reaction_of_their_own(db: ChatDb):
    group = db.group(ANA, BEN)
    sent = db.message(group, "said")
    db.tapback(group, sent.guid, "love", sender=ANA)
    db.tapback(group, sent.guid, "laugh", sender=BEN)
    db.tapback(group, sent.guid, "like")

    assert kinds(db) == [(ANA, "love"), (BEN, "laugh"), ("", "like")]


@pytest.mark.parametrize("handle", [0, 999])
def test_a_reaction_that_names_nobody_is_the_other_ones_where_there_is_only_one(db: ChatDb, handle: int):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    db.tapback(chat, sent.guid, "love")
    db.tapback(chat, sent.guid, "dislike", sender=ANA, handle_id=handle)

    assert kinds(db) == [("", "love"), (ANA, "dislike")]


def test_a_reaction_that_names_nobody_in_a_group_is_not_the_owners(db: ChatDb):
    group = db.group(ANA, BEN)
    sent = db.message(group, "said")
    db.tapback(group, sent.guid, "love")
    db.tapback(group, sent.guid, "dislike", sender=ANA, handle_id=0)

    assert kinds(db) == [("", "love")]


def test_a_reaction_says_when_and_on_which_part(db: ChatDb):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    db.tapback(chat, sent.guid, "love", sender=ANA, part=2, date=DATE + 99)

    assert extra_of(first(db)).reactions == (Reaction(ANA, "love", DATE + 99 + UNIX_NS, 2),)


@pytest.mark.parametrize(("form", "part"), [("p:0/{}", 0), ("p:3/{}", 3), ("p:-1/{}", -1), ("bp:{}", -1), ("{}", -1)])
def test_a_target_is_found_however_it_is_written(db: ChatDb, form: str, part: int):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    named = form.format(sent.guid)
    db.message(chat, "x", sender=ANA, associated_message_guid=named, associated_message_type=2000)

    assert target_of(named) == (part, sent.guid)
    assert [reaction.part for reaction in extra_of(first(db)).reactions] == [part]


def test_a_reaction_is_no_message_and_its_words_are_not_text(db: ChatDb):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    db.tapback(chat, sent.guid, "love", sender=ANA)

    (reading,) = readings(db.path)

    assert [message.text for message in reading.messages] == ["said"]
    assert reading.targets == [sent.guid]


def test_a_reaction_that_came_as_plain_text_is_a_text(db: ChatDb):
    db.message(db.direct(ANA), "Loved “said”", sender=ANA, service="SMS")

    assert first(db).text == "Loved “said”"


@pytest.mark.parametrize(
    ("number", "yes"),
    [(0, False), (2, False), (3, False), (1000, True), (1999, False), (2000, True), (3999, True), (4000, False)],
)
def test_what_counts_as_a_reaction(number: int, yes: bool):
    assert is_tapback(number) is yes


def test_a_vote_in_a_poll_is_no_reaction_and_keeps_no_text(db: ChatDb):
    chat = db.direct(ANA)
    db.message(
        chat, "Voted for “Tuesday”", sender=ANA, associated_message_type=4000, associated_message_guid="p:0/POLL"
    )

    vote = first(db)

    app = extra_of(vote).app
    assert (vote.text, app and app.label) == ("", "Poll vote")


def test_an_unknown_association_is_kept_with_its_number(db: ChatDb):
    db.message(db.direct(ANA), "something new", associated_message_type=5005)

    message = first(db)

    assert (message.text, extra_of(message).unknown) == ("something new", (("associated_message_type", 5005),))


def test_the_index_knows_new_reactions_as_they_are_read(db: ChatDb):
    chat = db.direct(ANA)
    sent = db.message(chat, "said")
    with MessagesReader(db.path) as reader:
        assert not reader.tapbacks.may_have(sent.guid)
        db.tapback(chat, sent.guid, "love", sender=ANA, part=5)
        reader.after(sent.rowid, 99)

        (touched,) = reader.messages([sent.guid], 99)

    assert [reaction.kind for reaction in extra_of(touched.messages[0]).reactions] == ["love"]


def test_the_index_says_no_of_nearly_everybody_else():
    index = TapbackIndex()
    for number in range(20_000):
        index.add(f"p:0/REACTED-{number}")

    assert all(index.may_have(f"REACTED-{number}") for number in range(20_000))
    assert sum(index.may_have(f"OTHER-{number}") for number in range(20_000)) < 200
