"""The engine's Backend on a llama.cpp context (functions and structs of llama.h)."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np

from llama_worker.engine.adapters import AdapterFile, AdapterUnusable
from llama_worker.engine.backend import DECODED, Sampler, Span
from llama_worker.engine.model import ModelUnusable
from llama_worker.engine.request import Limits, Sampling
from llama_worker.llama.adapter import LlamaAdapter, set_adapter
from llama_worker.llama.batch import NumpyBatch
from llama_worker.llama.grammar import Grammar
from llama_worker.llama.library import log_tail
from llama_worker.llama.logit_scan import LogitScan, RowStats
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.sampler import LlamaSampler, Outputs
from llama_worker.llama.tokenizer import Tokenizer, piece_of
from llama_worker.llama.workspace import Row, Workspace


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """The size of the context, in tokens unless said otherwise."""

    sequences: int
    context_size: int
    pool_size: int
    threads: int
    batch_size: int = 512

    @property
    def is_split(self) -> bool:
        """Whether each sequence has a part of the cache of its own."""
        return self.pool_size >= self.sequences * self.context_size


class LlamaBackend:
    """One context over one model, used by one thread."""

    def __init__(self, model: LlamaModel, tokenizer: Tokenizer, options: ContextOptions) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._options = options
        self.limits = Limits(options.sequences, options.context_size, options.pool_size, options.batch_size)
        self._batch = NumpyBatch(options.batch_size)
        self._pieces = [piece_of(model.vocab, token, special=False) for token in range(model.vocab_size)]
        self._ends = frozenset(t for t in range(model.vocab_size) if lib.llama_vocab_is_eog(model.vocab, t))
        silent = [t for t, piece in enumerate(self._pieces) if t in self._ends or not piece.strip()]
        self._scan = LogitScan(model.vocab_size, options.threads)
        self._stats: list[RowStats] = []
        self._outputs = Outputs(self._row, Workspace(model.vocab_size), np.array(silent, np.int32), self._row_stats)
        self._rows = np.empty((0, model.vocab_size), np.float32)
        self._rows_address = 0
        self._context: Any = None
        self._adapters: list[LlamaAdapter] = []
        self._adapter: LlamaAdapter | None = None
        # Graphs reused by contexts that were freed.
        self._graphs_before = 0
        self.reset()

    @property
    def rewinds(self) -> bool:
        """False for recurrent and hybrid models, whose state cannot be cut."""
        return not self._model.is_recurrent

    def decode(self, spans: Sequence[Span]) -> int:
        """Compute the spans, at most `batch_size` tokens in all, with llama_decode, and return its code."""
        outputs = self._batch.fill(spans)
        code = self._compute()
        if code == DECODED and outputs:
            self._view_rows()
            self._stats = self._scan.scan(self._rows[:outputs])
        return code

    def sampler(self, sampling: Sampling, seed: int, history: Sequence[int]) -> Sampler:
        """A sampler that looks at this context's outputs, its grammar advanced by `history`."""
        grammar = None
        if sampling.grammar:
            grammar = Grammar(self._model.vocab, sampling.grammar, self._model.vocab_size)
            for token in history:
                grammar.accept(token)
        return LlamaSampler(self._outputs, sampling, seed, history, grammar)

    def piece(self, token: int) -> bytes:
        """The token's bytes, which may be a part of a UTF-8 character; empty for control tokens."""
        return self._pieces[token]

    def ends(self, token: int) -> bool:
        """Whether it is one of the vocabulary's end-of-generation tokens."""
        return token in self._ends

    def share(self, source: int, target: int) -> None:
        """Copy a sequence; in a unified cache its cells are only marked as belonging to both."""
        lib.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def cut(self, sequence: int, end: int) -> bool:
        """Remove the positions from `end` on. False when it cannot be done, or the attention window before `end` is gone."""
        if not lib.llama_memory_seq_rm(self._memory, sequence, end, -1):
            return False
        # With a sliding window the cells before it may be gone, and then nothing can go on from here.
        return bool(lib.llama_memory_seq_pos_min(self._memory, sequence) <= max(0, end - self._model.window))

    def forget(self, sequence: int) -> None:
        """Remove all positions of a sequence."""
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def save(self, sequence: int, most: int) -> bytearray | None:
        """The sequence's state as llama_state_seq_get_data writes it; None for one of more than `most` bytes."""
        size = int(lib.llama_state_seq_get_size(self._context, sequence))
        if not 0 < size <= most:
            return None
        saved = bytearray(size)
        written = lib.llama_state_seq_get_data(self._context, _bytes_of(saved), size, sequence)
        return saved if written == size else None

    def restore(self, sequence: int, saved: bytearray) -> bool:
        """Read a state that `save` has written into an empty sequence; False, and it stays empty, when there is no room."""
        if lib.llama_state_seq_set_data(self._context, _bytes_of(saved), len(saved), sequence):
            return True
        self.forget(sequence)
        return False

    def graphs_reused(self) -> int:
        """Steps that reused a graph, of this context and those before it."""
        return self._graphs_before + int(lib.llama_perf_context(self._context).n_reused)

    def add_adapter(self, file: AdapterFile) -> LlamaAdapter:
        """Load an adapter and make the context anew. Raises AdapterUnusable, also when the context has no room then."""
        adapter = LlamaAdapter(self._model, file)
        try:
            # llama.cpp sizes the graph when it makes the context, and counts the adapters' tensors then.
            self.reset()
        except ModelUnusable as error:
            adapter.close()
            self.reset()
            raise AdapterUnusable(f"there is no room for adapter {file.id}: {error}") from error
        self._adapters.append(adapter)
        return adapter

    def use_adapter(self, handle: object | None) -> None:
        """Compute the next steps with an adapter of `add_adapter`, or with the base model alone."""
        if handle is not self._adapter:
            assert handle is None or isinstance(handle, LlamaAdapter)
            set_adapter(self._context, handle)
            self._adapter = handle

    def remove_adapter(self, handle: object) -> None:
        """Free an adapter of `add_adapter`."""
        assert isinstance(handle, LlamaAdapter)
        if handle is self._adapter:
            self.use_adapter(None)
        self._adapters.remove(handle)
        handle.close()

    def reset(self) -> None:
        """Make a new, empty context. Raises ModelUnusable when llama.cpp cannot, usually for lack of memory."""
        self._free()
        log_tail.take()
        self._context = lib.llama_init_from_model(self._model.handle, self._params())
        if not self._context:
            raise ModelUnusable(f"llama.cpp cannot make a context ({log_tail.take() or 'unknown reason'})")
        self._memory = lib.llama_get_memory(self._context)
        self._warm_up()

    def close(self) -> None:
        """Free the context, the adapters and the model, and close the tokenizer."""
        self._scan.close()
        self._tokenizer.close()
        self._free()
        for adapter in self._adapters:
            adapter.close()
        self._model.close()

    def _params(self) -> Any:
        options = self._options
        params = lib.llama_context_default_params()
        params.n_ctx = options.pool_size
        params.n_seq_max = options.sequences
        params.n_batch = params.n_ubatch = options.batch_size
        # One row of the vocabulary per sequence; the default would reserve one per token of the batch.
        params.n_outputs_max = options.sequences
        params.n_threads = params.n_threads_batch = options.threads
        # One pool for all sequences, unless each has room for its longest anyhow: a cache of its own spares it the others' cells.
        # Measured on 2 cores with 8 sequences of 230 tokens that is no faster (199 tokens/s, the pool 206), with 32 it is
        # (154, the pool 105); it copies a shared prompt where the pool only counts it twice.
        params.kv_unified = not options.is_split
        return params

    def _compute(self) -> int:
        code = int(lib.llama_decode(self._context, self._batch.struct))
        if code == DECODED:
            # On a GPU decode returns before the work is done; waiting here keeps the measured step time honest.
            lib.llama_synchronize(self._context)
        return code

    def _view_rows(self) -> None:
        """View the logits where they are, as (sequences, vocabulary) float32. The address rarely changes, and a view is dear."""
        logits = lib.llama_get_logits(self._context)
        address = ctypes.addressof(logits.contents)
        if address != self._rows_address:
            self._rows_address = address
            self._rows = np.ctypeslib.as_array(logits, (self._options.sequences, self._model.vocab_size))

    def _row(self, output: int) -> Row:
        row: Row = self._rows[output]
        return row

    def _row_stats(self, output: int) -> RowStats | None:
        return self._stats[output] if self._stats else None

    def _warm_up(self) -> None:
        """Let llama.cpp allocate and compile now rather than in the first request."""
        self.decode([Span(0, 0, [0], True)])
        lib.llama_memory_clear(self._memory, True)

    def _free(self) -> None:
        if self._context:
            self._graphs_before = self.graphs_reused()
            lib.llama_free(self._context)
            self._context = None
            self._adapter = None
            self._rows_address = 0


def _bytes_of(saved: bytearray) -> Any:
    return ctypes.cast((ctypes.c_uint8 * len(saved)).from_buffer(saved), ctypes.POINTER(ctypes.c_uint8))
