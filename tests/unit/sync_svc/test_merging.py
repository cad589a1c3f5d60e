"""Which chats are shown as one conversation, and what is set for them then."""

from uuid import UUID

import pytest

from sync_svc.domain.conversations import Chat, Settings
from sync_svc.domain.merging import joined_settings, prevailing_key, regrouped

ON = Settings(auto_draft=True, train=True, tone="warm", relation="sister")


def _chat(number: int, key: str = "k", settings: Settings | None = None, into: int = 0) -> Chat:
    merged_into = UUID(int=into) if into else None
    settings = settings or Settings()
    return Chat(UUID(int=number), f"chat{number}", merge_key=key, merged_into=merged_into, settings=settings)


def _placed(chats, new=()) -> dict[int, tuple[int, Settings]]:
    placements = regrouped(chats, [UUID(int=one) for one in new])
    return {one.chat_id.int: (one.merged_into.int if one.merged_into else 0, one.settings) for one in placements}


def test_chats_with_one_key_are_shown_as_the_first_of_them():
    assert _placed([_chat(3), _chat(1), _chat(2), _chat(4, key="other")]) == {
        2: (1, Settings()),
        3: (1, Settings()),
    }


def test_what_is_right_already_does_not_change():
    assert _placed([_chat(1, settings=ON), _chat(2, settings=ON, into=1)]) == {}


def test_a_group_that_lost_its_first_chat_gets_another_first():
    assert _placed([_chat(2, into=1, settings=ON), _chat(3, into=1, settings=ON)]) == {2: (0, ON), 3: (2, ON)}


def test_a_new_chat_takes_over_what_was_set():
    assert _placed([_chat(1, settings=ON), _chat(2)], new=[2]) == {2: (1, ON)}


def test_a_new_chat_takes_over_even_when_its_id_is_the_smallest():
    assert _placed([_chat(1), _chat(2, settings=ON)], new=[1]) == {1: (0, ON), 2: (1, ON)}


def test_only_new_chats_have_nothing_set():
    assert _placed([_chat(1), _chat(2)], new=[1, 2]) == {2: (1, Settings())}


def test_consent_stays_only_where_all_had_it():
    assert joined_settings([ON, ON]) == ON
    assert joined_settings([ON, Settings(train=True)]) == Settings(False, True, "warm", "sister")
    assert not joined_settings([Settings(), ON]).train


def test_words_are_the_firsts_or_the_next_ones():
    settings = [Settings(tone="dry"), Settings(tone="warm", relation="sister"), Settings(relation="aunt")]

    assert joined_settings(settings) == Settings(tone="dry", relation="sister")


@pytest.mark.parametrize(
    ("known", "said", "joins", "prevails"),
    [
        ("k", "", (False, False), "k"),
        ("", "s", (False, False), "s"),
        ("k", "s", (False, True), "s"),
        ("k", "s", (True, False), "k"),
        ("k", "s", (True, True), "k"),
        ("k", "s", (False, False), "k"),
    ],
)
def test_of_two_devices_keys_the_one_that_joins_counts(known: str, said: str, joins: tuple[bool, bool], prevails: str):
    assert prevailing_key(known, said, joins_known=joins[0], joins_said=joins[1]) == prevails
