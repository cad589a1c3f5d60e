"""Tells a sync in single lines, each fact once; for a terminal and for a log."""

from collections.abc import Callable
from dataclasses import replace

from agent.reporting import Summary, Trouble
from agent.troubles import ENDED_BY_A_PASS


class LineReporter:
    """Implements Reporter by saying lines. What stays the same is not said again."""

    def __init__(self, say: Callable[[str], None], *, quiet_when_nothing: bool) -> None:
        self._say = say
        self._quiet_when_nothing = quiet_when_nothing
        self._complaint: tuple[Trouble, str] | None = None
        self._standing = Summary()
        """What was said of messages that stay where they are."""

    def started(self, first: int, last: int) -> None:
        """Say nothing: a pass that finds nothing is not worth a line."""
        pass

    def reached(self, row: int) -> None:
        """Say nothing: there is a line at the end."""
        pass

    def checking(self, row: int, last: int) -> None:
        """Say nothing: there is a line at the end."""
        pass

    def waiting(self, seconds: float, reason: str) -> None:
        """Say what is away, once."""
        self.trouble(Trouble.SERVER_AWAY, f"{reason}; trying again")

    def finished(self, summary: Summary) -> None:
        """Say what the pass did, if it did anything new, and that what it disproves is over."""
        if self._complaint and self._complaint[0] in ENDED_BY_A_PASS:
            self.well()
        said = sentence_of(self._without_known(summary))
        if said:
            self._say(said)
        elif not self._quiet_when_nothing:
            self._say("Nothing new: the server has everything.")

    def _without_known(self, summary: Summary) -> Summary:
        known = self._standing
        self._standing = Summary(kept=summary.kept or known.kept, unreadable=summary.unreadable or known.unreadable)
        return replace(
            summary,
            kept=summary.kept if summary.kept != known.kept else 0,
            unreadable=summary.unreadable if summary.unreadable != known.unreadable else 0,
        )

    def trouble(self, what: Trouble, text: str) -> None:
        """Say what stands in the way, unless it was the last thing that was."""
        if self._complaint != (what, text):
            self._complaint = (what, text)
            self._say(text)

    def well(self) -> None:
        """Say that all is well, if something was in the way."""
        if self._complaint:
            self._say("All is well again.")
        self._complaint = None


def sentence_of(summary: Summary) -> str:
    """Return what a pass did, or nothing."""
    sentences = []
    if summary.sent:
        sentences.append(f"Sent {summary.sent:,} messages: {summary.inserted:,} new, {summary.updated:,} changed.")
    if summary.deleted:
        sentences.append(f"Deleted {summary.deleted:,} on the server that were deleted here.")
    if summary.kept:
        sentences.append(f"Kept {summary.kept:,} on the server that are no longer here.")
    if summary.refused:
        sentences.append(f"Left out {summary.refused:,} that the server refuses.")
    if summary.unreadable:
        sentences.append(f"Left out {summary.unreadable:,} that this version cannot read.")
    return " ".join(sentences)
