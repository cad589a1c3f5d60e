"""Chats that are shown as one conversation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from sync_svc.domain.conversations import Chat, Conversation, Settings, conversations_of
from sync_svc.domain.messages import Direction, Message

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def _chat(number: int, **fields) -> Chat:
    return Chat(UUID(int=number), f"chat{number}", **fields)


def _message(direction: Direction) -> Message:
    nobody = UUID(int=0)
    return Message(nobody, nobody, nobody, "g", "", direction, 1, "hi", NOON)


FIRST = _chat(1, service="SMS", participants=["+1 555", "+2"], message_count=2, last_message_at=NOON)
SECOND = _chat(
    2,
    merged_into=FIRST.id,
    service="iMessage",
    participants=["+1555", "ana@example.com"],
    message_count=3,
    last_message_at=NOON + timedelta(hours=1),
)


def test_merged_chats_are_one_conversation_under_the_first_ones_id():
    alone = _chat(3)

    conversations = conversations_of([SECOND, alone, FIRST])

    assert [one.id for one in conversations] == [FIRST.id, alone.id]
    assert [chat.id for chat in conversations[0].chats] == [FIRST.id, SECOND.id]


def test_a_conversation_has_all_that_its_chats_have():
    conversation = Conversation([FIRST, SECOND])

    assert conversation.message_count == 5
    assert conversation.participants == ["+1 555", "+2", "ana@example.com"]
    assert (conversation.last_message_at, conversation.service) == (SECOND.last_message_at, "iMessage")


def test_the_name_given_last_counts():
    old, new = replace(FIRST, display_name="Choir"), replace(SECOND, display_name="The choir")

    assert Conversation([old, new]).display_name == "The choir"
    assert Conversation([old, replace(new, display_name="")]).display_name == "Choir"


def test_a_chat_without_messages_is_older_than_all_others():
    newest = _message(Direction.INCOMING)
    written = replace(FIRST, last_message=newest)

    assert Conversation([written, _chat(9)]).last_message == newest


@pytest.mark.parametrize("trait", ["is_self", "is_orphaned", "is_filtered", "is_short_code"])
def test_nobody_waits_for_a_reply_where_nobody_is(trait):
    chat = replace(FIRST, last_message=_message(Direction.INCOMING))

    assert Conversation([chat]).needs_reply
    other: dict[str, Any] = {trait: True}
    assert not Conversation([replace(chat, **other)]).needs_reply


def test_no_reply_is_due_after_the_owners_word():
    assert not Conversation([replace(FIRST, last_message=_message(Direction.OUTGOING))]).needs_reply


def test_who_is_known_by_one_address_is_not_unknown():
    filtered = replace(SECOND, is_filtered=True, last_message=_message(Direction.INCOMING))

    assert not Conversation([FIRST, filtered]).is_filtered
    assert Conversation([FIRST, filtered]).needs_reply


@pytest.mark.parametrize(
    ("fields", "may"),
    [({}, True), ({"is_self": True}, False), ({"is_orphaned": True}, False), ({"is_filtered": True}, True)],
)
def test_training_needs_consent_and_somebody_else(fields, may):
    allowed = replace(FIRST, settings=Settings(train=True), **fields)

    assert Conversation([allowed]).may_be_trained_on == may
    assert not Conversation([replace(allowed, settings=Settings())]).may_be_trained_on
