"""The line that tells how far a long step is."""

import io

from scripts.setup.progress import ProgressLine, describe


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_away_from_a_terminal_a_line_is_written_every_half_minute():
    stream, clock = io.StringIO(), Clock()
    line = ProgressLine("Building", stream, clock)

    for clock.now in range(1, 61):
        line.update(clock.now / 120)

    assert stream.getvalue() == (
        "Building: 25%, 30 s passed, about 1 min 30 s left\nBuilding: 50%, 1 min 00 s passed, about 1 min 00 s left\n"
    )


def test_on_a_terminal_one_line_is_rewritten():
    stream, clock = Terminal(), Clock()
    line = ProgressLine("Building", stream, clock)

    clock.now = 1.0
    line.update(None)
    clock.now = 2.0
    line.finish()

    assert stream.getvalue() == "\r\033[KBuilding: 1 s\r\033[KBuilding: done (2 s)\n"


def test_a_step_that_does_not_know_how_far_it_is_shows_the_time():
    assert describe("Installing", 75, None) == "Installing: 1 min 15 s"
