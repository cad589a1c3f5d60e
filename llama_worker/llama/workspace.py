"""Arithmetic over a row of logits, in memory that all samplers of a context use in turn."""

import ctypes
import math
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float32]

# Into so many a row is divided to find its largest.
GROUPS = 64
# Below this, a sum of float32 may have lost terms that were too small.
TINY = 1e-20
_candidate = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Workspace:
    """Nothing here is as large as the vocabulary and made anew for a token: that is what the time went into."""

    def __init__(self, vocabulary_size: int) -> None:
        self._scratch = np.empty(vocabulary_size, np.float32)
        self._candidates = np.zeros(vocabulary_size, _candidate)
        self._data = self._candidates.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
        self._array: Any = lib.llama_token_data_array()
        self._reference = ctypes.byref(self._array)

    def log_sum_exp(self, row: Row) -> float:
        """ln of the sum of e^x, in one pass while that stays in the range of a float32, which logits nearly always do."""
        scratch = self._scratch
        with np.errstate(over="ignore"):
            total = float(np.exp(row, out=scratch).sum())
        if TINY < total < math.inf:
            return math.log(total)
        most = row.max()
        np.subtract(row, most, out=scratch)
        return float(most) + math.log(float(np.exp(scratch, out=scratch).sum()))

    def draw(self, row: Row, ids: NDArray[np.intp], chain: Any) -> int:
        """Let a llama.cpp sampler chain choose one of these tokens."""
        candidates = self._candidates[: len(ids)]
        candidates["id"] = ids
        candidates["logit"] = row[ids]
        array = self._array
        array.data, array.size, array.selected, array.sorted = self._data, len(ids), -1, False
        lib.llama_sampler_apply(chain, self._reference)
        return int(array.data[array.selected].id)


def likeliest(row: Row, count: int) -> NDArray[np.intp]:
    """Indices that hold at least the `count` largest values, in no order, and few others.

    The largest of each group are at least as many as the groups, so their count-th largest is a bound that the wanted
    ones reach. A pass over the row costs a tenth of sorting it, or of giving llama.cpp the whole vocabulary.
    """
    width = len(row) // GROUPS
    if count * 4 > width:
        count = min(count, len(row))
        return np.argpartition(row, len(row) - count)[len(row) - count :]
    most = row[: width * GROUPS].reshape(GROUPS, width).max(axis=0)
    most.partition(width - count)
    return np.flatnonzero(row >= most[width - count])
