"""What a step of the engine costs besides the model: drawing tokens, and everything that Python does around it.

python -m bench.steps [--model MODEL.gguf] [--streams 1 8 32] [--predict 128] [--threads 2]

In the worker's own engine, in this process and without gRPC, while every sequence decodes. What is compared are parts of one and
the same step, so that other load on the machine falls on all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Imported first: it chooses how OpenMP waits, and llama.cpp reads that when it is loaded.
import llama_worker.llama  # noqa: F401  # isort: skip

from bench.stream import packaged_model
from bench.table import Row, print_table
from llama_worker.engine.backend import Choice, Sampler, Span
from llama_worker.engine.engine import Engine
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest, Sampling
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.logit_scan import LogitScan, Rows, RowStats
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.tokenizer import Tokenizer

_PROMPT = 20
_CELLS = 256
# What the product uses: a sampled token costs more than a greedy one.
_SAMPLING = Sampling(seed=0)


@dataclass
class Clock:
    """Seconds of the steps in which everybody wrote, and the parts of them; from the end of one decode to the end of the next."""

    steps: int = 0
    all: float = 0.0
    decoding: float = 0.0
    drawing: float = 0.0
    runs: bool = False
    ended: float = 0.0

    def decoded(self, began: float, *, full: bool) -> None:
        now = time.perf_counter()
        if full and self.runs:
            self.steps += 1
            self.all += now - self.ended
            self.decoding += now - began
        self.runs, self.ended = full, now


class TimedSampler:
    """A sampler that says how long it took."""

    def __init__(self, sampler: Sampler, clock: Clock) -> None:
        self._sampler = sampler
        self._clock = clock

    def sample(self, output: int) -> Choice:
        began = time.perf_counter()
        choice = self._sampler.sample(output)
        if self._clock.runs:
            self._clock.drawing += time.perf_counter() - began
        return choice

    def close(self) -> None:
        self._sampler.close()


class TimedLogitScan(LogitScan):
    """The part of drawing that is done for all rows at once, timed."""

    def __init__(self, vocabulary_size: int, threads: int, clock: Clock) -> None:
        super().__init__(vocabulary_size, threads)
        self._clock = clock

    def scan(self, rows: Rows) -> list[RowStats]:
        began = time.perf_counter()
        stats = super().scan(rows)
        if self._clock.runs:
            self._clock.drawing += time.perf_counter() - began
        return stats


class TimedBackend(LlamaBackend):
    """The worker's own, that takes the time and never says that it is done, so that all write to the end."""

    def __init__(self, model: LlamaModel, options: ContextOptions, clock: Clock) -> None:
        self._clock = clock
        self._streams = options.sequences
        self._full = False
        super().__init__(model, Tokenizer(model), options)
        self._scan = TimedLogitScan(model.vocab_size, options.threads, clock)

    def ends(self, token: int) -> bool:
        return False

    def decode(self, spans: Sequence[Span]) -> int:
        self._full = len(spans) == self._streams and all(len(span.tokens) == 1 for span in spans)
        return super().decode(spans)

    def _compute(self) -> int:
        began = time.perf_counter()
        code = super()._compute()
        self._clock.decoded(began, full=self._full)
        return code

    def sampler(self, sampling: Sampling, seed: int, history: Sequence[int]) -> Sampler:
        return TimedSampler(super().sampler(sampling, seed, history), self._clock)


def run(
    model: Path | None = None, streams: Sequence[int] = (1, 8, 32), predict: int = 128, threads: int = 0
) -> list[Row]:
    """Measure every number of streams."""
    threads = threads or len(os.sched_getaffinity(0))
    rows: list[Row] = []
    for count in streams:
        clock = asyncio.run(_measure(model or packaged_model(), count, predict, threads))
        rows += _rows(count, clock)
    return rows


async def _measure(model_path: Path, streams: int, predict: int, threads: int) -> Clock:
    clock = Clock()
    context = -(-(_PROMPT + predict) // _CELLS) * _CELLS

    def load() -> TimedBackend:
        model = LlamaModel(model_path, 0, lambda _: True)
        return TimedBackend(model, ContextOptions(streams, context, streams * context, threads), clock)

    engine = Engine(load, EngineOptions())
    await engine.start()
    await asyncio.gather(*(_read(engine, stream, predict) for stream in range(streams)))
    await engine.stop()
    return clock


async def _read(engine: Engine, stream: int, predict: int) -> None:
    prompt = [(stream + token) % 1000 + 100 for token in range(_PROMPT)]
    async with engine.submit(GenerationRequest(prompt, max_tokens=predict, sampling=_SAMPLING)) as events:
        async for _ in events:
            pass


def _rows(streams: int, clock: Clock) -> list[Row]:
    name = f"{streams} streams" if streams > 1 else "1 stream"
    tokens = clock.steps * streams
    own = clock.all - clock.decoding
    step = f"the step, {clock.all / clock.steps * 1000:.1f} ms"
    widest = streams >= 32
    return [
        Row(
            f"{name}: all but the decoding",
            own / clock.steps * 1000,
            "ms",
            step,
            own / clock.all,
            "≤ 0.05" if widest else "",
        ),
        Row(f"{name}: drawing a token", clock.drawing / tokens * 1e6, "µs a token"),
        Row(
            f"{name}: the rest, Python",
            (own - clock.drawing) / tokens * 1e6,
            "µs a token",
            aim="≤ 30 µs" if widest else "",
        ),
    ]


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--streams", type=int, nargs="+", default=[1, 8, 32])
    arguments.add_argument("--predict", type=int, default=128)
    arguments.add_argument("--threads", type=int, default=0)
    print_table("a step's parts", run(**vars(arguments.parse_args())))
