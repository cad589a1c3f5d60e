"""The worker's engine, in process and without gRPC, over the bare llama_decode loop.

python bench/engine_decode.py MODEL.gguf [--threads 2] [--prompt 200] [--predict 64] [--sequences 1 8] [--rounds 5]
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# First, since it chooses how OpenMP waits, which is read when llama.cpp is loaded: both loops are to have the same.
import inference_svc.worker.llama  # noqa: F401  # isort: skip

from bench.bare_decode import BareResult, measure
from inference_svc.worker.engine.backend import Span
from inference_svc.worker.engine.engine import Engine
from inference_svc.worker.engine.request import GenerationRequest, Sampling
from inference_svc.worker.engine.stepper import EngineOptions
from inference_svc.worker.llama.backend import ContextOptions, LlamaBackend
from inference_svc.worker.llama.model import LlamaModel
from inference_svc.worker.llama.tokenizer import Tokenizer

# What the product uses: a sampled token costs more than a greedy one.
_SAMPLING = Sampling(seed=0)


class EndlessBackend(LlamaBackend):
    """Never says that it is done, so that every run writes as much; notes when the last prompt was read."""

    all_read = 0.0
    written_since = 0

    def ends(self, token: int) -> bool:
        return False

    def decode(self, spans: Sequence[Span]) -> int:
        code = super().decode(spans)
        self.written_since += len(spans)
        if any(len(span.tokens) > 1 for span in spans):
            self.all_read, self.written_since = time.perf_counter(), 0
        return code


async def measure_engine(model_path: str | Path, n_seq: int, n_prompt: int, n_predict: int, threads: int) -> BareResult:
    """The same work as `bare_decode.measure`, asked of an engine by as many readers as sequences."""
    backends: list[EndlessBackend] = []

    def load() -> EndlessBackend:
        model = LlamaModel(Path(model_path), 0, lambda _: True)
        context = n_prompt + n_predict + 256
        options = ContextOptions(n_seq, context, max(8192, n_seq * context), threads)
        backends.append(EndlessBackend(model, Tokenizer(model), options))
        return backends[0]

    engine = Engine(load, EngineOptions())
    await engine.start()
    prompt = [token % 1000 + 100 for token in range(n_prompt)]
    began = time.perf_counter()
    await asyncio.gather(*(_read(engine, prompt, n_predict) for _ in range(n_seq)))
    ended = time.perf_counter()
    await engine.stop()
    return BareResult(
        n_seq,
        backends[0].written_since / (ended - backends[0].all_read),
        n_seq * n_predict / (ended - began),
        n_seq * n_prompt / (backends[0].all_read - began),
    )


async def _read(engine: Engine, prompt: list[int], n_predict: int) -> None:
    async with engine.submit(GenerationRequest(prompt, max_tokens=n_predict, sampling=_SAMPLING)) as stream:
        async for _ in stream:
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--prompt", type=int, default=200)
    parser.add_argument("--predict", type=int, default=64)
    parser.add_argument("--sequences", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("sequences  bare decode t/s  engine decode t/s  ratio  bare overall t/s  engine overall t/s  ratio")
    for sequences in options.sequences:
        size = (options.model, sequences, options.prompt, options.predict, options.threads)
        # In turns, so that other load on the machine falls on both.
        pairs = [(measure(*size), asyncio.run(measure_engine(*size))) for _ in range(options.rounds)]
        print(f"{sequences:9}  {_columns([(b.decode_rate, e.decode_rate) for b, e in pairs], 15, 17)}", end="")
        print(f"  {_columns([(b.overall_rate, e.overall_rate) for b, e in pairs], 16, 18)}")


def _columns(pairs: list[tuple[float, float]], first: int, second: int) -> str:
    bare, engine = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(engine / bare for bare, engine in pairs)
    return f"{bare:{first}.1f}  {engine:{second}.1f}  {ratio:5.2f}"


if __name__ == "__main__":
    main()
