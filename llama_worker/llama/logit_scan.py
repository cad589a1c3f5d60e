"""The passes over whole rows of logits that every sampled token needs: all rows of a step at once, in several threads."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from llama_worker.llama.workspace import GROUPS, TINY, Row, Workspace

# (rows, vocabulary) float32.
Rows = NDArray[np.float32]

# How many of the largest are found: the usual top_k, and beside them whatever a penalty may push down.
DEPTH: Final = 128
# Below so many logits, handing half of them to another thread costs about as much as it saves.
_WORTH_IT = 1 << 19
# Rows of one call to numpy: between two calls a thread needs the interpreter, and may have to wait for it. More rows at a time
# would not stay in the processor's own cache.
_AT_ONCE = 4
_MOST_THREADS = 8


class RowStats(NamedTuple):
    """What sampling needs to know of a row of logits as the model made it."""

    # ln of the sum of e^x.
    normalizer: float
    # (n,) indices of at least the `DEPTH` largest, in no order.
    likeliest: NDArray[np.intp]


class LogitScan:
    """Scans rows in several threads. numpy releases the interpreter's lock in each pass. Used by the engine's thread only."""

    def __init__(self, vocabulary_size: int, threads: int) -> None:
        self._vocabulary_size = vocabulary_size
        self._scanners = [RowScanner(vocabulary_size) for _ in range(min(threads, _MOST_THREADS))]
        # Its threads begin with the first rows.
        self._pool = ThreadPoolExecutor(len(self._scanners), "scan")

    def scan(self, rows: Rows) -> list[RowStats]:
        """The stats of each row; an empty list for so few or small rows that each sampler scans its own faster.

        `rows`: (rows, vocabulary) float32, unchanged.
        """
        threads = min(len(self._scanners), len(rows) // 2)
        if threads < 2 or rows.size < _WORTH_IT or self._vocabulary_size < GROUPS * DEPTH * 4:
            return []
        first, *others = np.array_split(rows, threads)
        scanners = zip(self._scanners[1:threads], others, strict=True)
        tasks = [self._pool.submit(scanner.scan, part) for scanner, part in scanners]
        stats = self._scanners[0].scan(first)
        for task in tasks:
            stats += task.result()
        return stats

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


class RowScanner:
    """Scans the rows of one thread, a few at a time, in memory of its own."""

    def __init__(self, vocabulary_size: int) -> None:
        self._width = vocabulary_size // GROUPS
        self._workspace = Workspace(vocabulary_size)
        self._scratch = np.empty((0, vocabulary_size), np.float32)

    def scan(self, rows: Rows) -> list[RowStats]:
        """The stats of each row. `rows`: (rows, vocabulary) float32, unchanged."""
        if not len(self._scratch):
            self._scratch = np.empty((_AT_ONCE, rows.shape[1]), np.float32)
        return [
            stats for start in range(0, len(rows), _AT_ONCE) for stats in self._block(rows[start : start + _AT_ONCE])
        ]

    def _block(self, rows: Rows) -> list[RowStats]:
        with np.errstate(over="ignore"):
            totals = np.exp(rows, out=self._scratch[: len(rows)]).sum(axis=1)
        # As in `likeliest`: a bound that the `DEPTH` largest reach.
        most = rows[:, : self._width * GROUPS].reshape(len(rows), GROUPS, self._width).max(axis=1)
        most.partition(self._width - DEPTH, axis=1)
        bounds = most[:, self._width - DEPTH]
        return [self._stats(*row) for row in zip(rows, totals, bounds, strict=True)]

    def _stats(self, row: Row, total: np.float32, bound: np.float32) -> RowStats:
        in_range = TINY < total < math.inf
        normalizer = math.log(float(total)) if in_range else self._workspace.log_sum_exp(row)
        return RowStats(normalizer, np.flatnonzero(row >= bound))
