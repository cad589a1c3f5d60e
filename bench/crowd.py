"""200 clients on a queue of 64 for a minute: each gets tokens or is told to come back, and nothing grows.

python -m bench.crowd [--model MODEL.gguf] [--clients 200] [--queue 64] [--seconds 60] [--sequences 8] [--threads 2]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import grpc
import psutil
from assistant.inference.v1 import sampling_pb2, worker_pb2

from bench.serving import Size, Worker, worker
from bench.stream import packaged_model
from bench.table import Row, print_table

# Longer than any answer takes; who waits longer hangs.
_PATIENCE_S = 120
_TOKENS = 24


@dataclass
class Crowd:
    """What happened to everybody."""

    ends: Counter[str] = field(default_factory=Counter)
    gaps: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


def run(
    model: Path | None = None,
    clients: int = 200,
    queue: int = 64,
    seconds: float = 60,
    sequences: int = 8,
    threads: int = 0,
) -> list[Row]:
    """Let the clients ask again and again."""
    threads = threads or len(os.sched_getaffinity(0))
    return asyncio.run(_measure(model or packaged_model(), clients, queue, seconds, Size(sequences, 512, threads)))


async def _measure(model: Path, clients: int, queue: int, seconds: float, size: Size) -> list[Row]:
    crowd = Crowd()
    async with worker(model, size, queue) as server:
        ends_at = time.monotonic() + seconds
        watching = asyncio.create_task(_watch(server.process_id, crowd))
        await asyncio.gather(*(_ask_on(server, number, ends_at, crowd) for number in range(clients)))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    hundredths = quantiles(crowd.gaps, n=100)
    asked = sum(crowd.ends.values())
    early, late = max(crowd.memory[: len(crowd.memory) // 3]), max(crowd.memory)
    return [
        Row("answers", crowd.ends["answered"], "answers", f"{asked:,} requests", crowd.ends["answered"] / asked),
        Row("told to come back", crowd.ends["RESOURCE_EXHAUSTED"], "requests"),
        Row("neither", asked - crowd.ends["answered"] - crowd.ends["RESOURCE_EXHAUSTED"], "requests", "0", None, "0"),
        Row("between two tokens, median", hundredths[49] * 1000, "ms"),
        Row("between two tokens, 99 %", hundredths[98] * 1000, "ms"),
        Row("memory at the end", late, "MB", f"in the first third, {early:,.0f} MB", late / early, "about 1"),
    ]


async def _ask_on(server: Worker, number: int, ends_at: float, crowd: Crowd) -> None:
    chance = random.Random(number)  # noqa: S311 - repeatable, not secret
    while time.monotonic() < ends_at:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                crowd.ends[await _ask(server, number, crowd)] += 1
        except TimeoutError:
            crowd.ends["hangs"] += 1
        except grpc.aio.AioRpcError as error:
            crowd.ends[error.code().name] += 1
            # As a polite client does: not before it was told to, which is at least a second.
            await asyncio.sleep(1 + chance.random())


async def _ask(server: Worker, number: int, crowd: Crowd) -> str:
    request = worker_pb2.GenerateRequest(
        prompt=[worker_pb2.PromptPart(text=f"Client {number} writes: are you coming tonight?")],
        sampling=sampling_pb2.SamplingOptions(max_tokens=_TOKENS),
        account_id=str(number % 20),
    )
    before: float | None = None
    last = None
    async for event in server.events(request):
        last = event
        if event.HasField("token"):
            now = time.perf_counter()
            if before is not None:
                crowd.gaps.append(now - before)
            before = now
    return "answered" if last is not None and last.HasField("done") and last.done.completion_tokens else "nothing"


async def _watch(process_id: int, crowd: Crowd) -> None:
    process = psutil.Process(process_id)
    while True:
        crowd.memory.append(process.memory_info().rss / 1e6)
        await asyncio.sleep(1)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--clients", type=int, default=200)
    arguments.add_argument("--queue", type=int, default=64)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--sequences", type=int, default=8)
    arguments.add_argument("--threads", type=int, default=0)
    print_table("a crowd", run(**vars(arguments.parse_args())))
