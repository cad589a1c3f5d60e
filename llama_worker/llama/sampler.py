"""Sampling a token: the raw log-probability, the repeat penalty, and a llama.cpp sampler chain on a few candidates."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from llama_worker.engine.backend import Choice
from llama_worker.engine.request import Sampling
from llama_worker.llama.grammar import Grammar
from llama_worker.llama.logit_scan import DEPTH, RowStats
from llama_worker.llama.workspace import Row, Workspace, likeliest

# How far back the repeat penalty looks.
_PENALTY_WINDOW = 64


@dataclass(frozen=True, slots=True)
class Outputs:
    """The last step's logits."""

    # The (vocabulary,) float32 row of an output.
    row: Callable[[int], Row]
    workspace: Workspace
    # (n,) tokens of which a reader would see nothing: ends and blanks.
    silent: NDArray[np.int32]
    # What LogitScan found in a row; None when it did not scan it.
    stats: Callable[[int], RowStats | None] = lambda _: None


class LlamaSampler:
    """Samples the tokens of one suggestion. The first token is visible: an empty suggestion is of no use.

    The repeat penalty counts generated tokens, not the prompt: a reply has to repeat the names and times of the question.
    """

    def __init__(
        self, outputs: Outputs, sampling: Sampling, seed: int, history: Sequence[int], grammar: Grammar | None = None
    ) -> None:
        self._outputs = outputs
        self._top_k = sampling.top_k
        self._penalty = sampling.repeat_penalty
        self._history = deque(history, maxlen=_PENALTY_WINDOW)
        self._grammar = grammar
        self._chain = None if sampling.greedy else _chain(sampling, seed)

    def sample(self, output: int) -> Choice:
        """Sample from the output's row. Raises ArithmeticError for a row without numbers, FailedPrecondition of a Grammar."""
        row, stats = self._outputs.row(output), self._outputs.stats(output)
        normalizer = stats.normalizer if stats else self._outputs.workspace.log_sum_exp(row)
        if not math.isfinite(normalizer):
            raise ArithmeticError("the model's output is not a number")
        # A grammar says itself what comes first.
        token = self._draw_next(row, stats) if self._history or self._grammar else self._draw_first(row)
        self._history.append(token)
        if self._grammar is not None:
            self._grammar.accept(token)
        return Choice(token, float(row[token]) - normalizer)

    def close(self) -> None:
        """Free llama.cpp's chain and grammar; safe to call twice."""
        if self._chain is not None:
            lib.llama_sampler_free(self._chain)
            self._chain = None
        if self._grammar is not None:
            self._grammar.close()
            self._grammar = None

    def _draw_first(self, row: Row) -> int:
        silent = self._outputs.silent
        raw = row[silent]
        row[silent] = -np.inf
        token = self._draw(row)
        row[silent] = raw
        return token

    def _draw_next(self, row: Row, stats: RowStats | None) -> int:
        # A penalty above 1 only lowers some tokens, at most as many as it looks back: the likeliest are still among these.
        known = stats if self._top_k + _PENALTY_WINDOW <= DEPTH and self._penalty >= 1.0 else None
        if self._penalty == 1.0:
            return self._draw(row, known)
        repeated = list(set(self._history))
        raw = row[repeated]
        row[repeated] = np.where(raw > 0, raw / self._penalty, raw * self._penalty)
        token = self._draw(row, known)
        # Restored: the confidence is the model's own, and other suggestions may draw from the same row.
        row[repeated] = raw
        return token

    def _draw(self, row: Row, stats: RowStats | None = None) -> int:
        token = self._draw_freely(row, stats)
        if self._grammar is None or self._grammar.allows(token):
            return token
        # The grammar is applied to the whole vocabulary only now: mostly the model's own choice is allowed.
        return self._draw_freely(self._grammar.masked(row))

    def _draw_freely(self, row: Row, stats: RowStats | None = None) -> int:
        if self._chain is None:
            return int(row.argmax())
        ids = stats.likeliest if stats else likeliest(row, self._top_k)
        return self._outputs.workspace.draw(row, ids, self._chain)


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
