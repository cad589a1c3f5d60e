"""Arithmetic over a row of logits, in memory that all samplers of a context use in turn."""

import ctypes
import math
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

# (vocabulary,) float32.
Row = NDArray[np.float32]

# A row is divided into so many groups to find its largest values.
GROUPS = 64
# Below this, a sum of float32 may have lost terms that were too small.
TINY = 1e-20
_candidate = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Workspace:
    """Arrays of the vocabulary's size that all tokens share: allocating them for each token would take most of its time."""

    def __init__(self, vocabulary_size: int) -> None:
        self._scratch = np.empty(vocabulary_size, np.float32)
        self._candidates = np.zeros(vocabulary_size, _candidate)
        self._data = self._candidates.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
        self._array: Any = lib.llama_token_data_array()
        self._reference = ctypes.byref(self._array)

    def log_sum_exp(self, row: Row) -> float:
        """ln of the sum of e^x of a (vocabulary,) float32 row: one pass as long as the sum is in the range of a float32."""
        scratch = self._scratch
        with np.errstate(over="ignore"):
            total = float(np.exp(row, out=scratch).sum())
        if TINY < total < math.inf:
            return math.log(total)
        most = row.max()
        np.subtract(row, most, out=scratch)
        return float(most) + math.log(float(np.exp(scratch, out=scratch).sum()))

    def draw(self, row: Row, ids: NDArray[np.intp], chain: Any) -> int:
        """Let a llama.cpp sampler chain choose one of the tokens `ids`, shape (n,), by their logits in `row`."""
        candidates = self._candidates[: len(ids)]
        candidates["id"] = ids
        candidates["logit"] = row[ids]
        array = self._array
        array.data, array.size, array.selected, array.sorted = self._data, len(ids), -1, False
        lib.llama_sampler_apply(chain, self._reference)
        return int(array.data[array.selected].id)


def likeliest(row: Row, count: int) -> NDArray[np.intp]:
    """Indices, shape (n,), of at least the `count` largest values of a (vocabulary,) float32 row, in no order.

    There are few others among them: the count-th largest of the groups' maxima is a bound that at least `count` values reach,
    the wanted ones included. A pass over the row costs a tenth of sorting it, or of giving llama.cpp the whole vocabulary.
    """
    width = len(row) // GROUPS
    if count * 4 > width:
        count = min(count, len(row))
        return np.argpartition(row, len(row) - count)[len(row) - count :]
    most = row[: width * GROUPS].reshape(GROUPS, width).max(axis=0)
    most.partition(width - count)
    return np.flatnonzero(row >= most[width - count])
