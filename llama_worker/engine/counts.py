"""What the engine counts. Only its thread writes; others may read at any time, since each value is one object."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_ROWS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class Distribution:
    """A histogram: `counts[i]` values do not exceed `bounds[i]` and exceed the bound before; the last exceed all bounds."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


def _seconds() -> Distribution:
    return Distribution(_SECONDS)


@dataclass
class Counts:
    """Counts of one worker since its process began."""

    # Tokens that were sampled; prompt tokens that were computed, and those that the KV cache still had.
    decoded_tokens: int = 0
    prefilled_tokens: int = 0
    reused_tokens: int = 0
    steps: int = 0
    # Steps in which llama.cpp reused its graph.
    graphs_reused: int = 0
    adapter_switches: int = 0
    preemptions: int = 0
    # Suggestions by how they ended.
    ended: Counter[str] = field(default_factory=Counter)
    # Seconds in the queue, from the request to its first token, and between two steps with decoding sequences.
    queue_seconds: Distribution = field(default_factory=_seconds)
    first_token_seconds: Distribution = field(default_factory=_seconds)
    between_tokens_seconds: Distribution = field(default_factory=_seconds)
    # Sequences that decoded in a step.
    batch: Distribution = field(default_factory=lambda: Distribution(_ROWS))
    # Now: cells of the KV cache in use by running work, cells of residents, bytes of host memory.
    cells_running: int = 0
    cells_kept: int = 0
    spilled_bytes: int = 0
