"""The limit the engine is measured against: a bare llama_decode loop, with no sampling, no text and no reader.

python bench/bare_decode.py MODEL.gguf [--threads 2] [--prompt 200] [--predict 64] [--sequences 1 8]
"""

import argparse
import ctypes
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np

_CHUNK = 512
_quiet = lib.llama_log_callback(lambda level, text, data: None)


@dataclass(frozen=True, slots=True)
class BareResult:
    """Generated tokens per second of all sequences together."""

    sequences: int
    # While writing only.
    decode_rate: float
    # With the prefill, as a client would see it.
    overall_rate: float
    # Prompt tokens prefilled per second.
    prefill_rate: float


class BareLoop:
    """A context and a numpy-backed batch, and nothing else."""

    def __init__(self, model: Any, sequences: int, cells: int, threads: int, unified: bool = True) -> None:
        self._sequences = sequences
        params = lib.llama_context_default_params()
        params.n_ctx = cells
        params.n_seq_max = sequences
        params.n_batch = params.n_ubatch = _CHUNK
        params.n_outputs_max = sequences
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = unified
        self._context = lib.llama_init_from_model(model, params)
        assert self._context
        self._tokens, self._positions, self._owners = (np.zeros(_CHUNK, np.int32) for _ in range(3))
        self._ones, self._outputs = np.ones(_CHUNK, np.int32), np.zeros(_CHUNK, np.int8)
        self._pointers = np.zeros(_CHUNK + 1, np.uintp)
        self._pointers[:_CHUNK] = self._owners.ctypes.data + 4 * np.arange(_CHUNK, dtype=np.uintp)
        self._batch = lib.llama_batch(
            n_tokens=0,
            token=_pointer(self._tokens, ctypes.c_int32),
            embd=None,
            pos=_pointer(self._positions, ctypes.c_int32),
            n_seq_id=_pointer(self._ones, ctypes.c_int32),
            seq_id=_pointer(self._pointers, ctypes.POINTER(ctypes.c_int32)),
            logits=_pointer(self._outputs, ctypes.c_int8),
        )

    def read(self, prompt: int) -> None:
        """Prefill every sequence with a prompt of this many tokens, chunk by chunk."""
        for owner in range(self._sequences):
            for start in range(0, prompt, _CHUNK):
                count = min(_CHUNK, prompt - start)
                self._fill(count, np.arange(count) % 1000 + 100, np.arange(start, start + count), owner)
                self._outputs[:count] = 0
                self._outputs[count - 1] = start + count == prompt
                self._decode()

    def write(self, position: int, token: int) -> None:
        """One token for every sequence."""
        self._fill(self._sequences, token, position, np.arange(self._sequences))
        self._outputs[: self._sequences] = 1
        self._decode()

    def clear(self) -> None:
        lib.llama_memory_clear(lib.llama_get_memory(self._context), False)

    def close(self) -> None:
        lib.llama_free(self._context)

    def _fill(self, count: int, tokens: Any, positions: Any, owners: Any) -> None:
        self._tokens[:count] = tokens
        self._positions[:count] = positions
        self._owners[:count] = owners
        self._batch.n_tokens = count

    def _decode(self) -> None:
        code = lib.llama_decode(self._context, self._batch)
        assert code == 0, code
        lib.llama_synchronize(self._context)


def measure(
    model_path: str | Path,
    n_seq: int,
    n_prompt: int,
    n_predict: int,
    threads: int,
    *,
    unified: bool = True,
    gpu_layers: int = -1,
) -> BareResult:
    """Run the loop once on its own model and context. The first step of a context is not counted."""
    lib.llama_log_set(_quiet, ctypes.c_void_p(0))
    lib.llama_backend_init()
    params = lib.llama_model_default_params()
    params.n_gpu_layers = gpu_layers
    model = lib.llama_model_load_from_file(str(model_path).encode(), params)
    assert model, model_path
    # Room as the engine has it: cells in multiples of 256, which is what llama.cpp pads to.
    loop = BareLoop(model, n_seq, max(8192, n_seq * (n_prompt + n_predict + 256)), threads, unified)
    loop.read(1)
    loop.clear()
    began = time.perf_counter()
    loop.read(n_prompt)
    read = time.perf_counter()
    for step in range(n_predict):
        loop.write(n_prompt + step, 1000 + step)
    wrote = time.perf_counter()
    loop.close()
    lib.llama_model_free(model)
    tokens = n_seq * n_predict
    return BareResult(n_seq, tokens / (wrote - read), tokens / (wrote - began), n_seq * n_prompt / (read - began))


def _pointer(array: Any, kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--prompt", type=int, default=200)
    parser.add_argument("--predict", type=int, default=64)
    parser.add_argument("--sequences", type=int, nargs="+", default=[1, 8])
    options = parser.parse_args()
    print("sequences  decode t/s  overall t/s  prefill t/s")
    for sequences in options.sequences:
        result = measure(options.model, sequences, options.prompt, options.predict, options.threads)
        print(f"{sequences:9}  {result.decode_rate:10.1f}  {result.overall_rate:11.1f}  {result.prefill_rate:11.1f}")


if __name__ == "__main__":
    main()
