"""Erasures hold as many ids as the contract allows, and together all of them."""

from uuid import UUID

from sync_svc.domain.erasures import Erasure, of_conversation, of_messages

CHATS = [UUID(int=1), UUID(int=2)]
MESSAGES = [UUID(int=number) for number in range(10, 2_510)]


def test_deleted_messages_are_cut_into_parts_each_with_where_its_messages_were():
    shown_in = {message: CHATS[place // 2_000] for place, message in enumerate(MESSAGES)}

    parts = of_messages(shown_in)

    assert [len(part.message_ids) for part in parts] == [1_000, 1_000, 500]
    assert [each for part in parts for each in part.message_ids] == MESSAGES
    assert [list(part.touched_conversation_ids) for part in parts] == [CHATS[:1], CHATS[:1], CHATS[1:]]


def test_a_conversation_is_named_once_and_each_of_its_messages():
    parts = of_conversation(CHATS, MESSAGES)

    assert [list(part.conversation_ids) for part in parts] == [CHATS, [], []]
    assert [each for part in parts for each in part.message_ids] == MESSAGES


def test_a_conversation_without_messages_is_erased():
    assert of_conversation(CHATS, []) == [Erasure(CHATS, (), ())]


def test_of_nothing_there_is_no_erasure():
    assert of_messages({}) == []
