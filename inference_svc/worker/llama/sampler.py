"""Drawing a token: the raw log-probability, the repeat penalty, and a llama.cpp sampler chain on a few candidates."""

import ctypes
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from inference_svc.worker.engine.backend import Choice
from inference_svc.worker.engine.request import Sampling

Row = NDArray[np.float32]

# How far back the repeat penalty looks.
_PENALTY_WINDOW = 64
_GROUPS = 64
_candidate = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class LlamaSampler:
    """Draws for one suggestion.

    The penalty counts what the model wrote, not the prompt: a reply has to repeat the names and times of the question.
    """

    def __init__(
        self, rows: Callable[[int], Row], scratch: Row, sampling: Sampling, seed: int, history: Sequence[int]
    ) -> None:
        self._rows = rows
        self._scratch = scratch
        self._top_k = sampling.top_k
        self._penalty = sampling.repeat_penalty
        self._history = deque(history, maxlen=_PENALTY_WINDOW)
        self._chain = None if sampling.greedy else _chain(sampling, seed)

    def sample(self, output: int) -> Choice:
        row = self._rows(output)
        normalizer = log_sum_exp(row, self._scratch)
        if not math.isfinite(normalizer):
            raise ArithmeticError("the model's output is not a number")
        if self._penalty == 1.0 or not self._history:
            token = self._draw(row)
        else:
            repeated = np.fromiter(set(self._history), np.int64)
            raw = row[repeated]
            row[repeated] = np.where(raw > 0, raw / self._penalty, raw * self._penalty)
            token = self._draw(row)
            # Restored: the confidence is the model's own, and other suggestions may draw from the same row.
            row[repeated] = raw
        self._history.append(token)
        return Choice(token, float(row[token]) - normalizer)

    def close(self) -> None:
        if self._chain is not None:
            lib.llama_sampler_free(self._chain)
            self._chain = None

    def _draw(self, row: Row) -> int:
        if self._chain is None:
            return int(row.argmax())
        ids = likeliest(row, self._top_k)
        candidates = np.empty(len(ids), _candidate)
        candidates["id"] = ids
        candidates["logit"] = row[ids]
        candidates["p"] = 0
        array = lib.llama_token_data_array(
            data=candidates.ctypes.data_as(ctypes.POINTER(lib.llama_token_data)),
            size=len(ids),
            selected=-1,
            sorted=False,
        )
        lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)


def log_sum_exp(row: Row, scratch: Row) -> float:
    """ln of the sum of e^x, without an allocation the size of the vocabulary."""
    most = row.max()
    np.subtract(row, most, out=scratch)
    np.exp(scratch, out=scratch)
    return float(most) + math.log(float(scratch.sum()))


def likeliest(row: Row, count: int) -> NDArray[np.intp]:
    """Indices that hold at least the `count` largest values, in no order, and few others.

    The largest of each group are at least as many as the groups, so their count-th largest is a bound that the wanted
    ones reach. A pass over the row costs a tenth of sorting it, or of giving llama.cpp the whole vocabulary.
    """
    width = len(row) // _GROUPS
    if count * 4 > width:
        count = min(count, len(row))
        return np.argpartition(row, len(row) - count)[len(row) - count :]
    most = row[: width * _GROUPS].reshape(_GROUPS, width).max(axis=0)
    bound = np.partition(most, width - count)[width - count]
    return np.flatnonzero(row >= bound)


def _chain(sampling: Sampling, seed: int) -> Any:
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    # top_k comes first: top_p alone would sort everything.
    for sampler in (
        lib.llama_sampler_init_top_k(sampling.top_k),
        lib.llama_sampler_init_top_p(sampling.top_p, 1),
        lib.llama_sampler_init_min_p(sampling.min_p, 1),
        lib.llama_sampler_init_temp(sampling.temperature),
        lib.llama_sampler_init_dist(seed),
    ):
        lib.llama_sampler_chain_add(chain, sampler)
    return chain
