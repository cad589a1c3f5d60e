"""The first token of a draft whose prefix is still in the KV cache, beside one that needs the whole prefill.

python -m bench.second_draft [--model MODEL.gguf] [--tokens 1000] [--grown 30] [--rounds 5] [--threads 2]

In process, without gRPC: what is measured is the engine. A conversation of so many tokens is drafted once, grows by a few
messages, and is drafted again; another is read ahead before its draft is asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

# Imported first: it chooses how OpenMP waits, and llama.cpp reads that when it is loaded.
import llama_worker.llama  # noqa: F401  # isort: skip

from bench.stream import packaged_model
from bench.table import Row, print_table
from llama_worker.engine.engine import Engine
from llama_worker.engine.events import Finished, Piece
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest, Sampling
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.tokenizer import Tokenizer

_ANSWER = 8


@dataclass
class Measured:
    """Seconds to the first token, and decode steps until it was there."""

    seconds: float
    steps: int


def run(model: Path | None = None, tokens: int = 1000, grown: int = 30, rounds: int = 5, threads: int = 0) -> list[Row]:
    """Median of some rounds, each with conversations of its own."""
    threads = threads or len(os.sched_getaffinity(0))
    return asyncio.run(_measure(model or packaged_model(), tokens, grown, rounds, threads))


async def _measure(model_path: Path, tokens: int, grown: int, rounds: int, threads: int) -> list[Row]:
    def load() -> LlamaBackend:
        model = LlamaModel(model_path, 0, lambda _: True)
        size = tokens + grown + 256
        return LlamaBackend(model, Tokenizer(model), ContextOptions(4, size, 4 * size, threads))

    engine = Engine(load, EngineOptions())
    await engine.start()
    cold, second, ahead = [], [], []
    for number in range(rounds):
        prompt = [(number * 7919 + place * 31) % 20_000 + 100 for place in range(tokens)]
        news = [(number * 104_729 + place * 17) % 20_000 + 100 for place in range(grown)]
        cold.append(await _first_token(engine, prompt, f"cold {number}"))
        second.append(await _first_token(engine, prompt + news, f"cold {number}"))
        await _read_ahead(engine, prompt, f"ahead {number}")
        ahead.append(await _first_token(engine, prompt, f"ahead {number}"))
    await engine.stop()
    return _rows(tokens, grown, cold, second, ahead)


def _rows(
    tokens: int, grown: int, cold: Sequence[Measured], second: Sequence[Measured], ahead: Sequence[Measured]
) -> list[Row]:
    base, later, warm = (1000 * median(one.seconds for one in measured) for measured in (cold, second, ahead))
    beside = f"cold, {base:,.0f} ms"
    return [
        Row(f"first token, {tokens:,} tokens, cold", base, "ms"),
        Row(f"first token, the same and {grown} more", later, "ms", beside, later / base, "≤ 0.067"),
        Row("first token after reading ahead", warm, "ms", beside, warm / base),
        Row("decode steps to it", max(one.steps for one in ahead), "steps", "2 steps", None, "≤ 2"),
    ]


async def _first_token(engine: Engine, prompt: Sequence[int], key: str) -> Measured:
    request = GenerationRequest(prompt, max_tokens=_ANSWER, sampling=Sampling(temperature=0), cache_key=key)
    began, before = time.perf_counter(), engine.steps
    first: Measured | None = None
    async with engine.submit(request) as events:
        async for event in events:
            if isinstance(event, Piece | Finished) and first is None:
                first = Measured(time.perf_counter() - began, engine.steps - before)
    assert first is not None
    return first


async def _read_ahead(engine: Engine, prompt: Sequence[int], key: str) -> None:
    async with engine.submit(GenerationRequest(prompt, prefill_only=True, cache_key=key)) as events:
        async for _ in events:
            pass


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--tokens", type=int, default=1000)
    arguments.add_argument("--grown", type=int, default=30)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=0)
    print_table("the second draft of a conversation", run(**vars(arguments.parse_args())))
