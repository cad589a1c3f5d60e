"""What the engine counts while it works. Only its thread writes; whoever shows it reads whole numbers at any time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_ROWS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class Distribution:
    """Values by the first of its bounds that they do not exceed; the last place is for what exceeds all."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


def _seconds() -> Distribution:
    return Distribution(_SECONDS)


@dataclass
class Counts:
    """Of one worker since its process began."""

    # Tokens written; of prompts, those that were read, and those that the cache still had.
    decoded_tokens: int = 0
    prefilled_tokens: int = 0
    reused_tokens: int = 0
    steps: int = 0
    # Steps whose graph llama.cpp could use again.
    graphs_reused: int = 0
    adapter_switches: int = 0
    preemptions: int = 0
    # Suggestions by how they ended.
    ended: Counter[str] = field(default_factory=Counter)
    # Seconds in the queue, to the first token from the request on, and between two tokens of everybody who writes.
    queue_seconds: Distribution = field(default_factory=_seconds)
    first_token_seconds: Distribution = field(default_factory=_seconds)
    between_tokens_seconds: Distribution = field(default_factory=_seconds)
    # Sequences that wrote in a step.
    batch: Distribution = field(default_factory=lambda: Distribution(_ROWS))
    # How it is now: cells of the cache in use by work and kept for it, and the host's memory.
    cells_running: int = 0
    cells_kept: int = 0
    spilled_bytes: int = 0
