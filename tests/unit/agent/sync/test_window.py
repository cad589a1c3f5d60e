"""Noticing that recent rows changed."""

from agent.chatdb.records import RowState
from agent.sync.cursor import Cursor
from agent.sync.progress import HeldRows, Progress
from agent.sync.window import Window


def test_a_row_that_looks_different_is_sent_again():
    window = Window()
    window.learn([RowState(1, 10, ""), RowState(2, 20, "")])

    changes = window.changes([RowState(1, 10, ""), RowState(2, 21, "")])

    assert (changes.rowids, changes.guids) == ([2], [])


def test_a_reaction_that_changed_or_vanished_sends_its_message_again():
    window = Window()
    window.learn([RowState(1, 10, "A"), RowState(2, 20, "B"), RowState(3, 30, "C")])

    changes = window.changes([RowState(1, 10, "A"), RowState(2, 21, "D"), RowState(4, 40, "E")])

    assert (changes.rowids, changes.guids) == ([], ["D", "B", "E", "C"])


def test_a_row_that_was_not_known_is_sent():
    assert Window().changes([RowState(1, 10, "")]).rowids == [1]


def test_a_row_is_held_until_its_time_is_over_and_the_cursor_waits_before_it():
    now = [0.0]
    held = HeldRows(clock=lambda: now[0])
    progress = Progress("", Cursor(), 0, 0, held=held)
    held.hold([7, 9])
    now[0] = 29.0
    held.hold([7, 11])

    assert held.overdue() == []
    assert progress.safe_row(20) == 6
    now[0] = 30.0
    assert held.overdue() == [7, 9]
    held.release([7, 9])
    assert progress.safe_row(20) == 10
    held.release([11])
    assert progress.safe_row(20) == 20
