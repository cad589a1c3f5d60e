"""Notices changes of recent messages: edits, receipts, texts and transcriptions that came late, reactions taken away."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.chatdb.records import RowState


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be read and sent again."""

    rowids: list[int] = field(default_factory=list)
    guids: list[str] = field(default_factory=list)
    """Messages whose reactions changed."""


class Window:
    """Remembers what recent rows looked like when they were last sent, in short."""

    def __init__(self) -> None:
        self._states: dict[int, RowState] = {}

    def learn(self, states: Iterable[RowState]) -> None:
        """Remember rows as they were just sent."""
        self._states.update((state.rowid, state) for state in states)

    def replace(self, states: Iterable[RowState]) -> None:
        """Remember these and no others."""
        self._states = {state.rowid: state for state in states}

    def changes(self, now: Iterable[RowState]) -> Changes:
        """Return what is different now."""
        rowids: list[int] = []
        guids: list[str] = []
        present = set()
        for state in now:
            present.add(state.rowid)
            before = self._states.get(state.rowid)
            if before == state:
                continue
            if state.target:
                guids.append(state.target)
            else:
                rowids.append(state.rowid)
            if before is not None and before.target:
                guids.append(before.target)
        # A reaction that was replaced leaves nothing behind. Those that only grew too old look the same, and cost a message
        # sent in vain.
        guids += [state.target for state in self._states.values() if state.target and state.rowid not in present]
        return Changes(rowids, list(dict.fromkeys(guids)))
