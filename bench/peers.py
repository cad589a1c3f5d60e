"""The worker beside its peers: the bare llama_decode loop, llama-server with its own limit, and llama-cpp-python's own Llama.

python -m bench.peers [--model MODEL.gguf] [--streams 1 8 32] [--prompt 100] [--predict 64] [--rounds 3] [--threads 2]

Every server has the same model file, threads, prompts and room for each stream. Answers go on to the end that was asked for. In
turns, so that other load on the machine falls on all; the median of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

# Imported first: it chooses how OpenMP waits, and llama.cpp reads that when it is loaded.
import llama_worker.llama  # noqa: F401  # isort: skip

from llama_cpp import Llama

from bench.bare_decode import measure
from bench.serving import Heard, LlamaServer, Server, Size, Worker, batched_bench, llama_server, worker
from bench.stream import packaged_model
from bench.table import Row, print_table

# One token each in most vocabularies.
_WORDS = [
    "time",
    "year",
    "people",
    "way",
    "day",
    "man",
    "thing",
    "woman",
    "life",
    "child",
    "world",
    "school",
    "state",
    "family",
    "student",
    "group",
    "country",
    "problem",
    "hand",
    "part",
]


@dataclass
class Pace:
    """Tokens per second of all streams together, with the prefill, and the first tokens, over the rounds."""

    rates: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)

    def add(self, heard: Sequence[Heard], seconds: float) -> None:
        self.rates.append(sum(one.tokens for one in heard) / seconds)
        self.firsts.append(median(one.first for one in heard))

    @property
    def rate(self) -> float:
        return median(self.rates)

    @property
    def first(self) -> float:
        return median(self.firsts)


def run(
    model: Path | None = None,
    streams: Sequence[int] = (1, 8, 32),
    prompt: int = 100,
    predict: int = 64,
    rounds: int = 3,
    threads: int = 0,
) -> list[Row]:
    """Measure every number of streams, then the second draft of a conversation."""
    threads = threads or len(os.sched_getaffinity(0))
    model = model or packaged_model()
    rows: list[Row] = []
    for count in streams:
        rows += asyncio.run(_throughput(model, count, prompt, predict, rounds, threads))
    return rows + asyncio.run(_second_draft(model, rounds, threads))


async def _throughput(model: Path, streams: int, prompt: int, predict: int, rounds: int, threads: int) -> list[Row]:
    size = Size(streams, _padded(prompt + predict + 64), threads)
    ours, theirs, batched, single = Pace(), Pace(), [], []
    bare: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds):
        prompts = [_text(prompt, f"{number} {stream}") for stream in range(streams)]
        for unified, rates in bare.items():
            rates.append(measure(model, streams, prompt, predict, threads, unified=unified).overall_rate)
        async with worker(model, size) as server:
            await _wave(ours, server, prompts, predict)
        async with llama_server(model, size) as peer:
            await _wave(theirs, peer, prompts, predict)
        batched.append(batched_bench(model, size, prompt, predict))
        if streams == 1:
            single.append(_llama(model, prompts[0], predict, size))
    name = f"{streams} streams" if streams > 1 else "1 stream"
    # The better of both caches is the limit: by its median, since the better of two single runs is rather the luckier one.
    limit = max(median(rates) for rates in bare.values())
    rows = [
        _row(f"{name}: over the bare loop", ours.rate, limit, "bare loop", "≥ 0.95"),
        _row(f"{name}: over llama-server", ours.rate, theirs.rate, "llama-server", "≥ 1.1" if streams > 1 else ""),
        _row(f"{name}: llama-server over its limit", theirs.rate, median(batched), "llama-batched-bench", ""),
        Row(
            f"{name}: first token",
            ours.first * 1000,
            "ms",
            f"llama-server, {theirs.first * 1000:,.0f} ms",
            ours.first / theirs.first,
            "≤ 0.6" if streams == 8 else "",
        ),
    ]
    if single:
        rows.append(_row(f"{name}: over Llama()", ours.rate, median(single), "Llama()", "≥ 1.0"))
    return rows


async def _wave(pace: Pace, server: Server, prompts: Sequence[str], predict: int) -> None:
    await server.ask(_text(8, "warm up"), 2)
    began = time.perf_counter()
    heard = await asyncio.gather(*(server.ask(prompt, predict) for prompt in prompts))
    pace.add(heard, time.perf_counter() - began)


def _llama(model: Path, prompt: str, predict: int, size: Size) -> float:
    """Tokens per second of llama-cpp-python's high-level class, which does one thing at a time."""
    llama = Llama(str(model), n_ctx=size.context, n_threads=size.threads, n_threads_batch=size.threads, verbose=False)
    llama.create_completion("warm up", max_tokens=2)
    llama.reset()  # type: ignore[no-untyped-call]
    began = time.perf_counter()
    tokens = llama.tokenize(prompt.encode())
    written = llama.generate(tokens, temp=0.7, top_k=40, top_p=0.9, min_p=0.05, repeat_penalty=1.1)
    for count, token in enumerate(written, 1):
        llama.detokenize([token])
        if count == predict:
            break
    seconds = time.perf_counter() - began
    llama.close()
    return predict / seconds


async def _second_draft(model: Path, rounds: int, threads: int) -> list[Row]:
    size = Size(2, 1536, threads)
    firsts: dict[str, list[float]] = {name: [] for name in ("cold", "second", "peer cold", "peer", "ahead")}
    for number in range(rounds):
        talk, news = _text(1000, f"talk {number}"), " " + _text(30, f"news {number}")
        async with worker(model, size) as ours:
            await _drafts(firsts, ours, talk, news, ("cold", "second"))
            await ours.prefill(news + talk, "ahead")
            firsts["ahead"].append((await ours.ask(news + talk, 4, "ahead")).first)
        async with llama_server(model, size) as peer:
            await _drafts(firsts, peer, talk, news, ("peer cold", "peer"))
    ms = {name: median(values) * 1000 for name, values in firsts.items()}
    cold, peer_second = f"cold, {ms['cold']:,.0f} ms", f"llama-server, {ms['peer']:,.0f} ms"
    return [
        Row("second draft, 1,000 tokens and 30", ms["second"], "ms", cold, ms["second"] / ms["cold"], "≤ 0.067"),
        Row("the same", ms["second"], "ms", peer_second, ms["second"] / ms["peer"], "≤ 1.0"),
        Row(
            "cold draft, 1,000 tokens",
            ms["cold"],
            "ms",
            f"llama-server, {ms['peer cold']:,.0f} ms",
            ms["cold"] / ms["peer cold"],
        ),
        Row("first token after reading ahead", ms["ahead"], "ms", cold, ms["ahead"] / ms["cold"]),
    ]


async def _drafts(
    firsts: dict[str, list[float]], server: Worker | LlamaServer, talk: str, news: str, names: tuple[str, str]
) -> None:
    await server.ask(_text(8, "warm up"), 2)
    firsts[names[0]].append((await server.ask(talk, 4, "talk")).first)
    firsts[names[1]].append((await server.ask(talk + news, 4, "talk")).first)


def _row(name: str, ours: float, reference: float, of: str, aim: str) -> Row:
    return Row(name, ours, "tokens/s", f"{of}, {reference:,.1f}/s", ours / reference, aim)


def _text(tokens: int, seed: str) -> str:
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return " ".join(chance.choice(_WORDS) for _ in range(tokens))


def _padded(tokens: int) -> int:
    """What llama.cpp makes of a context's size."""
    return -(-tokens // 256) * 256


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--streams", type=int, nargs="+", default=[1, 8, 32])
    arguments.add_argument("--prompt", type=int, default=100)
    arguments.add_argument("--predict", type=int, default=64)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=0)
    print_table("the worker beside its peers", run(**vars(arguments.parse_args())))
