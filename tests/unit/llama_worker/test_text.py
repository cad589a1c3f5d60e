"""Tokens become whole characters, and stops are never sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_worker.engine.text import StopFilter, SuggestionText


def sent(stops: list[str], pieces: list[str]) -> tuple[str, bool]:
    stop_filter = StopFilter(stops)
    text = "".join(stop_filter.push(piece) for piece in pieces)
    return text + ("" if stop_filter.stopped else stop_filter.flush()), stop_filter.stopped


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["fine", "\nThem:", " no"], "fine"),
        (["fine\n", "Th", "em", ": no"], "fine"),
        (["fine\nTh", "at is"], "fine\nThat is"),
        (["fine\n\nno"], "fine"),
        (["fine\n", "\n"], "fine"),
        (["\nThem:"], ""),
        (["fine\nThem"], "fine\nThem"),
        (["\n\nThem:"], ""),
    ],
)
def test_a_stop_cuts_wherever_the_token_borders_are(pieces: list[str], text: str):
    assert sent(["\nThem:", "\nMe:", "\n\n"], pieces)[0] == text


def test_text_that_cannot_begin_a_stop_is_sent_at_once():
    stop_filter = StopFilter(["\nMe:"])

    assert stop_filter.push("hello") == "hello"
    assert stop_filter.push(" there\nM") == " there"
    assert stop_filter.push("y name") == "\nMy name"


def test_the_earliest_of_several_stops_cuts():
    assert sent(["late", "a l"], ["it is a late"])[0] == "it is "


def test_nothing_is_sent_after_a_stop():
    stop_filter = StopFilter(["."])
    stop_filter.push("one.")

    assert stop_filter.push("two") == ""


@given(
    st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3),
    st.lists(st.text("ab\n", max_size=5), max_size=8),
)
def test_the_result_never_holds_a_stop_and_loses_nothing_before_it(stops: list[str], pieces: list[str]):
    text, stopped = sent(stops, pieces)
    whole = "".join(pieces)

    assert whole.startswith(text)
    assert stopped == any(stop in whole for stop in stops)
    assert not any(stop in text for stop in stops)
    if not stopped:
        assert text == whole


def test_a_character_split_over_tokens_comes_whole():
    text = SuggestionText([])

    assert [text.push(bytes([byte]), -0.1) for byte in "🙂".encode()] == ["", "", "", "🙂"]


def test_bytes_that_are_no_character_are_replaced():
    text = SuggestionText([])

    assert text.push(b"a\xffb", -0.1) == "a\N{REPLACEMENT CHARACTER}b"


def test_half_a_character_at_the_end_is_dropped():
    text = SuggestionText([])
    text.push(b"ok\xf0\x9f", -0.1)

    assert text.finish() == ""


def test_the_mean_counts_only_tokens_that_were_sent():
    text = SuggestionText(["\nMe:"])
    text.push(b"yes", -1.0)
    text.push(b" sure\n", -3.0)
    text.push(b"Me", -50.0)
    text.push(b":", -50.0)

    assert text.stopped
    assert text.sent_tokens == 2
    assert text.mean_logprob == pytest.approx(-2.0)


def test_held_tokens_count_once_they_are_sent():
    text = SuggestionText(["\nMe:"])
    text.push(b"\nM", -2.0)
    assert text.sent_tokens == 0

    text.push(b"y", -4.0)

    assert text.sent_tokens == 2
    assert text.mean_logprob == pytest.approx(-3.0)


def test_the_mean_of_nothing_is_zero():
    assert SuggestionText([]).mean_logprob == 0.0
