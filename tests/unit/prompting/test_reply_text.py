"""One reply out of the model's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompting.reply_text import reply_of
from prompting.transcript import STOPS


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (" Yes, sure.\n", "Yes, sure."),
        ("Me: Yes", "Yes"),
        ("Yes\nThem: And you?\nMe: No", "Yes"),
        ("Yes\n\nAnd more", "Yes"),
        ("two\nlines", "two\nlines"),
        ("a\0b", "ab"),
        (" \n ", ""),
    ],
)
def test_a_reply_is_one_and_bare(said, reply):
    assert reply_of(said, STOPS) == reply


@given(st.text())
def test_no_reply_holds_a_stop_or_blanks_around_it(said):
    reply = reply_of(said, STOPS)

    assert reply == reply.strip()
    assert not any(stop in reply for stop in STOPS)
