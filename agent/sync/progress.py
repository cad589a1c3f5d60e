"""What one process knows of how far it has come; all of it can be lost, and is then found out again."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.sync.v1 import sync_pb2

from agent.sync.cursor import Cursor
from agent.sync.window import Window

_HOLD_SECONDS: Final = 30.0


@dataclass
class HeldRows:
    """New rows that have no chat yet. Messages writes a row a moment before it puts it into a chat."""

    clock: Callable[[], float] = time.monotonic
    _since: dict[int, float] = field(default_factory=dict)

    def hold(self, rowids: list[int]) -> None:
        """Hold these, from now on unless they are held already."""
        for rowid in rowids:
            self._since.setdefault(rowid, self.clock())

    def release(self, rowids: list[int]) -> None:
        """Hold these no longer."""
        for rowid in rowids:
            self._since.pop(rowid, None)

    def rows(self) -> list[int]:
        """All that are held."""
        return sorted(self._since)

    def overdue(self) -> list[int]:
        """Those that were held for so long that they will get no chat any more."""
        return [rowid for rowid, since in self._since.items() if self.clock() - since >= _HOLD_SECONDS]


@dataclass
class Progress:
    """How far the server has come, and how far this process has read beyond."""

    kept: str
    """The cursor that the server has kept."""
    cursor: Cursor
    """The cursor as it should be kept next."""
    read_up_to: int
    """Rows up to here are on the server, but for those that are held."""
    seen_up_to: int
    """The newest row when this process first looked: what lies behind it was written under its eyes."""
    recent_from: int = 0
    """Rows with a date from then on are remembered in `window`; nanoseconds since 1970."""
    stored: Sequence[sync_pb2.ConversationDigest] | None = None
    """What the server had of recent messages when it was asked for the cursor."""
    held: HeldRows = field(default_factory=HeldRows)
    window: Window = field(default_factory=Window)

    def safe_row(self, row: int) -> int:
        """The row up to which the server has everything when it has all up to `row` but what is held."""
        held = self.held.rows()
        return min(row, held[0] - 1) if held else row
