"""One line that tells how far a long step is: rewritten on a terminal, a new one every 30 s anywhere else."""

import time
from collections.abc import Callable
from typing import TextIO

QUIET_INTERVAL = 30.0
TERMINAL_INTERVAL = 0.5


class ProgressLine:
    """Shows a title, the time passed and, where it is known, the part that is done."""

    def __init__(self, title: str, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._stream = stream
        self._clock = clock
        self._started = clock()
        self._terminal = stream.isatty()
        self._next = self._started + (TERMINAL_INTERVAL if self._terminal else QUIET_INTERVAL)

    def update(self, fraction: float | None) -> None:
        """Show where the step is, unless the line was written only just now."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + (TERMINAL_INTERVAL if self._terminal else QUIET_INTERVAL)
        self._show(describe(self._title, now - self._started, fraction), last=False)

    def finish(self, outcome: str = "done") -> None:
        """Leave the last line standing."""
        elapsed = duration(self._clock() - self._started)
        self._show(f"{self._title}: {outcome} ({elapsed})", last=True)

    def _show(self, line: str, *, last: bool) -> None:
        if self._terminal:
            # Return to the first column and clear the line, in which a longer text may stand.
            line = f"\r\033[K{line}" + ("\n" if last else "")
        else:
            line += "\n"
        self._stream.write(line)
        self._stream.flush()


def describe(title: str, elapsed: float, fraction: float | None) -> str:
    """Return the line for a step that runs."""
    if not fraction:
        return f"{title}: {duration(elapsed)}"
    left = elapsed * (1 - fraction) / fraction
    return f"{title}: {fraction:.0%}, {duration(elapsed)} passed, about {duration(left)} left"


def duration(seconds: float) -> str:
    """Return a length of time as a person says it."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"
