"""Cutting a conversation to a budget."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompting.chat_template import ChatTemplate
from prompting.context_window import asked_for, choose_start, fit_prompt, recent
from prompting.conversation import StyleHints, Turn
from prompting.errors import MessageTooLong
from prompting.prompt import Prompt
from svc_kit.ids import new_id
from tests.unit.prompting.test_chat_template import CHATML


async def characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


async def fit(turns: Sequence[Turn], budget: int, chat: ChatTemplate | None = None, **manner: str) -> Prompt:
    return await fit_prompt(turns, StyleHints(**manner), chat, budget, characters)  # type: ignore[arg-type]


def said(*texts: str) -> list[Turn]:
    return [Turn(new_id(), text, mine=number % 2 == 1) for number, text in enumerate(texts)]


async def test_what_fits_is_whole():
    turns = said("one", "two", "three")

    assert (await fit(turns, 100)).text == "Them: one\nMe: two\nThem: three\nMe:"


async def test_a_short_conversation_is_not_even_counted():
    async def never(texts: Sequence[str]) -> list[int]:
        raise AssertionError("counted")

    assert (await fit_prompt(said("one"), StyleHints(), None, 100, never)).text == "Them: one\nMe:"


async def test_the_newest_message_alone_must_fit():
    with pytest.raises(MessageTooLong):
        await fit(said("short", "x" * 100), 60)


@pytest.mark.parametrize("chat", [None, CHATML])
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=40), st.integers(0, 900))
async def test_a_cut_prompt_fits_and_holds_whole_newest_messages(chat, texts, extra):
    turns = said(*[f"#{number}." + "".join(text.split()) for number, text in enumerate(texts)])
    least = len((await fit(turns[-1:], 10_000, chat, tone="warm")).text) + 8

    prompt = await fit(turns, least + extra, chat, tone="warm")

    assert len(prompt.text) <= least + extra
    kept = [turn for turn in turns if turn.text in prompt.text]
    assert kept == turns[len(turns) - len(kept) :]
    assert turns[-1] in kept


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(0, 1000))
def test_the_start_fits_and_wastes_no_more_than_half(costs, room):
    keys = [UUID(int=number).int for number in range(len(costs))]

    start = choose_start(costs, keys, room)

    kept = sum(costs[start:])
    assert kept <= room
    if sum(costs) <= room:
        assert start == 0
    else:
        # One more message would have made it too much, or half of the room is in use.
        assert kept * 2 >= room or kept + costs[start - 1] > room


def test_a_growing_conversation_is_cut_at_the_same_place_for_long():
    keys = [new_id().int for _ in range(400)]

    starts = [choose_start([10] * size, keys[:size], 400) for size in range(41, 400)]

    # Cutting at the first message that fits would give 359 places.
    assert len(set(starts)) < 60
    assert starts == sorted(starts)


async def test_a_window_that_slides_over_a_long_conversation_is_cut_at_the_same_place():
    turns = said(*[f"message number {number}" for number in range(120)])

    beginnings = {(await fit(turns[max(0, size - 60) : size], 800)).text.splitlines()[0] for size in range(60, 120)}

    assert len(beginnings) < 30


def test_a_conversation_that_is_not_longer_than_wanted_is_shown_whole():
    turns = said(*"abcdefghij")

    assert recent(turns, 10) == turns
    assert recent(turns, 200) == turns


@given(st.integers(1, 60), st.integers(1, 60))
def test_of_a_longer_one_at_most_a_third_is_left_out_beyond_need(size, history):
    turns = said(*map(str, range(size)))

    shown = recent(turns, history)

    assert list(shown) == turns[size - len(shown) :]
    assert min(size, history - history // 3) <= len(shown) <= history


def test_a_conversation_that_grows_keeps_its_beginning_for_a_while():
    turns = said(*map(str, range(300)))

    beginnings = {recent(turns[size - asked_for(10) : size], 10)[0].text for size in range(11, 300)}

    # With the last ten each time there would be 289.
    assert len(beginnings) < 150
