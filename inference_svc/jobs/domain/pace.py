"""How long jobs take, for saying when one will be done."""

from __future__ import annotations

# How much the newest job says about the next one.
_WEIGHT = 0.2


class Pace:
    """Learns from the jobs that this process ends, which run `slots` at a time."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._average = 0.0

    def ended(self, seconds: float) -> None:
        """A job was completed and took so long."""
        self._average = seconds if not self._average else self._average + _WEIGHT * (seconds - self._average)

    def until_done(self, position: int) -> float:
        """Seconds until a job is done that `position` jobs are before; 0 when not known."""
        return self._average * (position // self._slots + 1)

    def left(self, elapsed: float) -> float:
        """Seconds until a job is done that runs for `elapsed`; 0 when not known."""
        return max(0.0, self._average - elapsed)
