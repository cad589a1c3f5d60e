"""How much goes into one stream, how far back changes are looked for, and how patient a pass is."""

from dataclasses import dataclass
from typing import Final

_MINUTE_NS: Final = 60_000_000_000


@dataclass(frozen=True, slots=True)
class SyncLimits:
    """Sizes and times of a sync; the defaults are the product's."""

    stream_messages: int = 100_000
    """A stream's answer is what makes its messages safe, so a stream must end from time to time; each end leaves the server
    idle for a moment."""
    stream_seconds: float = 10.0
    attempts: int | None = 7
    """How often in a row to try without getting on; None for ever."""
    window_days: float = 7.0
    """Messages no older than this are looked at after every change. Edits, receipts and late texts change old rows, for days
    after they were written; what changes later is found by the comparison with the server."""
    window_rows: int = 50_000
    compared_states: int = 100_000
    """How many states of messages a comparison holds in memory at once."""
    late_minutes: float = 30.0
    """A new row that is so much older than the newest message was filled in by iCloud, and is no news."""

    @property
    def late_ns(self) -> int:
        """`late_minutes` in nanoseconds."""
        return int(self.late_minutes * _MINUTE_NS)
