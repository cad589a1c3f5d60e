"""What the agent tells of its work: to the person at the terminal, to the status file, to the menu bar."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Summary:
    """What one pass did, in messages."""

    sent: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    """Deleted on the server because they were deleted on this Mac."""
    kept: int = 0
    """On the server, not on this Mac, and without a trace of having been deleted here: kept."""
    refused: int = 0
    """Left out, because the server refuses them."""
    unreadable: int = 0
    """Left out, because the reader stumbled over them."""

    def __add__(self, later: "Summary") -> "Summary":
        return Summary(*(getattr(self, field.name) + getattr(later, field.name) for field in fields(self)))


class Trouble(StrEnum):
    """Why the agent is not, or not wholly, doing its work."""

    CANNOT_READ = "cannot-read"
    """The Messages database cannot be read: no permission, no database, damaged, locked, of another kind."""
    NOTHING_TO_READ = "nothing-to-read"
    """The database is there and has never held a message: nobody is signed in to Messages."""
    SERVER_AWAY = "server-away"
    NOT_PAIRED = "not-paired"
    CLOCK_SKEW = "clock-skew"
    """The two clocks differ; everything works all the same."""
    TOKEN_NOT_SAVED = "token-not-saved"  # noqa: S105 (a name)
    """The renewed token could not be saved yet; everything works all the same, until the agent ends."""
    WRONG_SETTING = "wrong-setting"
    """The settings cannot be understood. An agent that works goes on with the last good ones."""
    FAILED = "failed"
    """Something else, such as data that the server refuses."""


class Reporter(Protocol):
    """Hears how a sync goes on."""

    def started(self, first: int, last: int) -> None:
        """A pass begins behind the row `first` and will go to `last`."""

    def reached(self, row: int) -> None:
        """Everything up to this row is safely on the server."""

    def checking(self, row: int, last: int) -> None:
        """A comparison of everything with the server has come to this row of `last`."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Something is away; it will be tried again after these seconds."""

    def finished(self, summary: Summary) -> None:
        """The pass is complete."""

    def trouble(self, what: Trouble, text: str) -> None:
        """Something stands in the way; `text` is one line that says what to do. It may be told again and again."""

    def well(self) -> None:
        """Nothing stands in the way any more."""


class Reporters:
    """Tells several reporters the same."""

    def __init__(self, reporters: Sequence[Reporter]) -> None:
        self._reporters = reporters

    def started(self, first: int, last: int) -> None:
        """Pass it on to each."""
        for reporter in self._reporters:
            reporter.started(first, last)

    def reached(self, row: int) -> None:
        """Pass it on to each."""
        for reporter in self._reporters:
            reporter.reached(row)

    def checking(self, row: int, last: int) -> None:
        """Pass it on to each."""
        for reporter in self._reporters:
            reporter.checking(row, last)

    def waiting(self, seconds: float, reason: str) -> None:
        """Pass it on to each."""
        for reporter in self._reporters:
            reporter.waiting(seconds, reason)

    def finished(self, summary: Summary) -> None:
        """Pass it on to each."""
        for reporter in self._reporters:
            reporter.finished(summary)

    def trouble(self, what: Trouble, text: str) -> None:
        """Pass it on to each."""
        for reporter in self._reporters:
            reporter.trouble(what, text)

    def well(self) -> None:
        """Pass it on to each."""
        for reporter in self._reporters:
            reporter.well()
