"""A llama_batch whose arrays are numpy's: filling it costs nanoseconds a token instead of microseconds."""

import ctypes
from collections.abc import Sequence
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from llama_worker.engine.backend import Span


class NumpyBatch:
    """Room for `size` tokens of one sequence each. Never given to llama_batch_free: the memory is numpy's."""

    def __init__(self, size: int) -> None:
        self._tokens, self._positions, self._sequences = (np.zeros(size, np.int32) for _ in range(3))
        self._outputs = np.zeros(size, np.int8)
        self._ones = np.ones(size, np.int32)
        # One pointer into `_sequences` per token, and the NULL that llama.cpp looks for at the end.
        self._pointers = np.zeros(size + 1, np.uintp)
        self._pointers[:size] = self._sequences.ctypes.data + 4 * np.arange(size, dtype=np.uintp)
        self.struct = lib.llama_batch(
            n_tokens=0,
            token=_pointer(self._tokens, ctypes.c_int32),
            embd=None,
            pos=_pointer(self._positions, ctypes.c_int32),
            n_seq_id=_pointer(self._ones, ctypes.c_int32),
            seq_id=_pointer(self._pointers, ctypes.POINTER(ctypes.c_int32)),
            logits=_pointer(self._outputs, ctypes.c_int8),
        )

    def fill(self, spans: Sequence[Span]) -> int:
        """Write the spans; return how many outputs they ask for."""
        end, outputs = 0, 0
        for sequence, start, tokens, output in spans:
            begin, end = end, end + len(tokens)
            self._tokens[begin:end] = tokens
            self._positions[begin:end] = np.arange(start, start + len(tokens), dtype=np.int32)
            self._sequences[begin:end] = sequence
            self._outputs[begin:end] = 0
            self._outputs[end - 1] = output
            outputs += output
        self.struct.n_tokens = end
        return outputs


def _pointer(array: NDArray[Any], kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
