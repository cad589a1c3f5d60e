"""What a sync tells the person at the terminal."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Summary:
    """What one pass did."""

    sent: int = 0
    inserted: int = 0
    updated: int = 0

    def plus(self, sent: int, inserted: int, updated: int) -> "Summary":
        return Summary(self.sent + sent, self.inserted + inserted, self.updated + updated)


class Reporter(Protocol):
    """Hears how a sync goes on."""

    def started(self, first: int, last: int) -> None:
        """A pass begins behind the row `first` and will go to `last`."""

    def reached(self, row: int) -> None:
        """Everything up to this row is safely on the server."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Something is away; it will be tried again after these seconds."""

    def finished(self, summary: Summary) -> None:
        """The pass is complete."""
