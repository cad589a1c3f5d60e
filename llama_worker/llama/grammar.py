"""Grammars in llama.cpp: which tokens a text may go on with."""

import ctypes
import math
import time
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np

from llama_worker.llama.library import log_tail
from llama_worker.llama.workspace import Row
from svc_kit.errors import FailedPrecondition, InvalidInput

# Seconds of processor time. Usually it takes microseconds; what takes so long for one token takes a multiple for the next.
_LONGEST_S = 0.25
_candidate = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


def check_grammar(vocab: Any, grammar: str, field: str) -> None:
    """Raise InvalidInput, naming the field, for what llama.cpp does not take as a grammar.

    Give it only what `parse_gbnf` and `check_grammar_branching` let pass: others may take it for ever.
    """
    log_tail.take()
    sampler = _init(vocab, grammar)
    if not sampler:
        raise InvalidInput(field, "is no GBNF grammar that llama.cpp takes")
    lib.llama_sampler_free(sampler)


class Grammar:
    """The state of one suggestion in its grammar, which must have passed `check_grammar`."""

    def __init__(self, vocab: Any, grammar: str, vocabulary_size: int) -> None:
        self._sampler = _init(vocab, grammar)
        self._one = np.zeros(1, _candidate)
        self._all = np.zeros(vocabulary_size, _candidate)

    def allows(self, token: int) -> bool:
        """Whether the grammar allows this token next."""
        self._one["id"], self._one["logit"] = token, 0.0
        self._apply(self._one)
        return bool(self._one["logit"][0] > -math.inf)

    def masked(self, row: Row) -> Row:
        """A copy of a (vocabulary,) float32 row with -inf for tokens that are not allowed.

        Raises FailedPrecondition GRAMMAR_DEAD_END when no token is.
        """
        self._all["id"] = np.arange(len(row), dtype=np.int32)
        self._all["logit"] = row
        self._apply(self._all)
        allowed: Row = self._all["logit"].copy()
        if not np.isfinite(allowed).any():
            raise FailedPrecondition("GRAMMAR_DEAD_END", "the grammar allows nothing that this model can write here")
        return allowed

    def accept(self, token: int) -> None:
        """Advance by an allowed token. Raises FailedPrecondition GRAMMAR_TOO_WIDE when that took more than `_LONGEST_S`."""
        began = time.thread_time()
        lib.llama_sampler_accept(self._sampler, token)
        if time.thread_time() - began > _LONGEST_S:
            raise FailedPrecondition("GRAMMAR_TOO_WIDE", "the ways in which the text may go on in its grammar multiply")

    def close(self) -> None:
        """Free llama.cpp's state."""
        lib.llama_sampler_free(self._sampler)

    def _apply(self, candidates: Any) -> None:
        array = lib.llama_token_data_array()
        array.data = candidates.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
        array.size, array.selected, array.sorted = len(candidates), -1, False
        lib.llama_sampler_apply(self._sampler, ctypes.byref(array))


def _init(vocab: Any, grammar: str) -> Any:
    return lib.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
