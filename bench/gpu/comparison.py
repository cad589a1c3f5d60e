"""The worker process over gRPC beside the bare loop and the roofline, on the same file and in the same run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.bare_decode import BareResult, measure
from bench.gpu.roofline import Traffic
from bench.serving import Heard, Size, Worker, free_port, worker
from bench.table import Row

# The tokens by which a conversation has grown when it is drafted again; letters, since these models' tokens are bytes.
_NEWS = 30
# How often to look for a step with all streams in it: the first of them may be done before the last one begins.
_TRIES = 10


class NoFullSteps(Exception):
    """The answers are too short for their number."""


@dataclass(frozen=True)
class Task:
    """What is measured: a model file, on how many layers of the GPU, and how long its prompts and answers are."""

    model: Path
    gpu_layers: int
    prompt: int
    predict: int
    threads: int
    rounds: int

    @property
    def context(self) -> int:
        """Room for a conversation that has grown once, in the steps that llama.cpp makes."""
        return -(-(self.prompt + _NEWS + self.predict + 2) // 256) * 256


@dataclass(frozen=True)
class Roof:
    """What a step has to read, and the GPU's TB/s."""

    traffic: Traffic
    bandwidth: float


@dataclass(frozen=True)
class Pace:
    """The steps in which every stream wrote a token and nothing else happened, since the worker began or between two looks."""

    steps: float
    seconds: float
    decode_seconds: float
    graphs_reused: float

    def __sub__(self, before: Pace) -> Pace:
        return Pace(
            self.steps - before.steps,
            self.seconds - before.seconds,
            self.decode_seconds - before.decode_seconds,
            self.graphs_reused - before.graphs_reused,
        )


@dataclass
class Rounds:
    """One number of streams, round by round."""

    bare: list[BareResult] = field(default_factory=list)
    overall: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    paces: list[Pace] = field(default_factory=list)


def compare(task: Task, streams: int, roof: Roof | None) -> list[Row]:
    """All rows of one number of streams; those of the roofline only where the memory's speed is known."""
    rounds = Rounds()
    for number in range(task.rounds):
        # In turns, so that other load on the machine falls on both. The better of both caches is the limit.
        loops = [_bare(task, streams, unified) for unified in (True, False)]
        rounds.bare.append(max(loops, key=lambda loop: loop.overall_rate))
        asyncio.run(_serve(task, streams, number, rounds))
    return _rows(task, streams, rounds, roof)


def _bare(task: Task, streams: int, unified: bool) -> BareResult:
    size = (task.model, streams, task.prompt, task.predict, task.threads)
    return measure(*size, unified=unified, gpu_layers=task.gpu_layers)


async def _serve(task: Task, streams: int, number: int, rounds: Rounds) -> None:
    port = free_port()
    settings = {"ML_SERVICE_GPU_LAYERS": str(task.gpu_layers), "WORKER_METRICS_PORT": str(port)}
    async with worker(task.model, Size(streams, task.context, task.threads), settings=settings) as server:
        await server.ask("warm up", 2)
        talks = [_letters(task.prompt, number * streams + stream) for stream in range(streams)]
        began = time.perf_counter()
        heard = await _wave(server, talks, task.predict)
        rounds.overall.append(sum(one.tokens for one in heard) / (time.perf_counter() - began))
        rounds.cold.append(median(one.first for one in heard))
        grown = [talk + "?" * _NEWS for talk in talks]
        rounds.second.append(median(one.first for one in await _wave(server, grown, task.predict)))
        rounds.paces.append(await _full_steps(server, port, grown, task.predict))


async def _full_steps(server: Worker, port: int, prompts: Sequence[str], predict: int) -> Pace:
    """The pace when all decode. These prompts need no prefill any more, so that all begin nearly at once."""
    for _ in range(_TRIES):
        before = await _pace(port)
        await _wave(server, prompts, predict)
        pace = await _pace(port) - before
        if pace.steps:
            return pace
    raise NoFullSteps(
        f"in {predict} tokens there is no step in which all {len(prompts)} streams write: raise --predict"
    )


async def _wave(server: Worker, prompts: Sequence[str], predict: int) -> list[Heard]:
    asked = [server.ask(prompt, predict, f"talk {index}") for index, prompt in enumerate(prompts)]
    return list(await asyncio.gather(*asked))


async def _pace(port: int) -> Pace:
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    values = {s.name: s.value for family in text_string_to_metric_families(text) for s in family.samples}
    return Pace(*(values[f"bench_{name}"] for name in ("steps", "seconds", "decode_seconds", "graphs_reused")))


def _letters(count: int, seed: int) -> str:
    """A text of as many tokens as letters, that differs from others from its beginning on."""
    beginning = f"{seed:08d} "
    return (beginning + "the quick fox " * count)[:count]


def _rows(task: Task, streams: int, rounds: Rounds, roof: Roof | None) -> list[Row]:
    name = f"{streams} streams" if streams > 1 else "1 stream"
    bare_overall = median(loop.overall_rate for loop in rounds.bare)
    bare_step = median(streams / loop.decode_rate for loop in rounds.bare)
    step = median(pace.seconds / pace.steps for pace in rounds.paces)
    host = median((pace.seconds - pace.decode_seconds) / pace.steps for pace in rounds.paces)
    overall, cold, second = (median(values) for values in (rounds.overall, rounds.cold, rounds.second))
    steps = sum(pace.steps for pace in rounds.paces)
    reused = sum(pace.graphs_reused for pace in rounds.paces)
    rows = [
        Row(
            f"{name}: prompts and answers", overall, "tokens/s", _beside(bare_overall), overall / bare_overall, "≥ 0.95"
        ),
        Row(f"{name}: answers alone", streams / step, "tokens/s", _beside(streams / bare_step), bare_step / step),
        Row(f"{name}: first token, cold, all at once", 1000 * cold, "ms"),
        Row(f"{name}: first token, second draft", 1000 * second, "ms", f"cold, {1000 * cold:,.0f} ms", second / cold),
        Row(
            f"{name}: between two tokens", 1000 * step, "ms", f"bare step, {1000 * bare_step:,.2f} ms", step / bare_step
        ),
        Row(f"{name}: host's work for a token", 1e6 * host / streams, "µs", f"step, {1e6 * step:,.0f} µs", host / step),
        Row(f"{name}: graphs reused", reused, "steps", f"full steps, {steps:,.0f}", reused / steps),
    ]
    if roof is None:
        return rows
    context = task.prompt + _NEWS + task.predict / 2
    floor = roof.traffic.step_seconds(streams, context, roof.bandwidth)
    bare_floor = roof.traffic.step_seconds(streams, task.prompt + task.predict / 2, roof.bandwidth)
    beside = f"roofline, {streams / floor:,.0f}/s"
    return [
        *rows,
        Row(f"{name}: worker over the roofline", streams / step, "tokens/s", beside, floor / step),
        Row(
            f"{name}: bare loop over the roofline",
            streams / bare_step,
            "tokens/s",
            f"roofline, {streams / bare_floor:,.0f}/s",
            bare_floor / bare_step,
        ),
    ]


def _beside(rate: float) -> str:
    return f"bare loop, {rate:,.1f}/s"
