"""What the server keeps for the agent."""

import pytest

from agent.chatdb.identity import Anchor, Place
from agent.sync.cursor import Cursor

WHOLE = Cursor(
    place=Place(2**62, "D" * 64, tuple(Anchor(2**62 - number, "0123abcd") for number in range(4))),
    deletions=(2**62, 2**62),
    recently_deleted="01234567",
    chats="0123456789ab",
    contacts="0123456789ab",
    checked_at=4_102_444_800,
)


@pytest.mark.parametrize("cursor", [Cursor(), WHOLE, Cursor(deletions=())])
def test_a_cursor_survives_the_server(cursor: Cursor):
    assert Cursor.from_text(cursor.to_text()) == cursor
    assert len(cursor.to_text()) <= 500


@pytest.mark.parametrize(
    "text", ["", "x", "{}", "[1]", "7", '{"v":1,"rowid":5,"guid":"g"}', '{"v":2,"row":"x"}', "[" * 400]
)
def test_a_text_that_means_nothing_here_is_the_beginning(text: str):
    assert Cursor.from_text(text) == Cursor()
