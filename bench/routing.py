"""Three workers behind the product's own choice, behind Envoy, and behind gRPC's round robin, beside a channel to one of them.

python -m bench.routing [--calls 100] [--conversations 13] [--seconds 4]

The workers are real and have a tiny model of random weights, so that what is measured is the way to them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import grpc

from bench.table import Row, print_table
from bench.worker_edge import HEADER, worker_edge
from inference_svc.drafting.domain.draft_request import Sampling
from inference_svc.drafting.domain.events import Piece
from inference_svc.drafting.domain.model import GenerateRequest
from inference_svc.drafting.domain.ports import Model
from inference_svc.workers.worker_model import WorkerModel
from inference_svc.workers.worker_pool import WorkerPool
from inference_svc.workers.worker_watch import WorkerWatch
from prompting.prompt import Prompt
from prompting.prompt_part import PromptPart
from svc_kit.clients import InternalCaller, channel_to
from svc_kit.errors import DomainError
from svc_kit.task_end import end_task
from tests.contract.inference_svc.scripted import INTERNAL_KEY
from tests.deadline import eventually_answers
from tests.integration.inference_svc.worker_process import SLOW, WorkerProcess, worker_process
from tests.random_model import TINY, write_model

_WORKERS = 3
_SEQUENCES = 2
_ACCOUNT = UUID(int=1)
_conversation: ContextVar[str] = ContextVar("conversation", default="")


class _Caller(InternalCaller):
    """Also says in a header which conversation a call is for: what Envoy can see of it."""

    def metadata(self, account_id: UUID | None = None) -> tuple[tuple[str, str], ...]:
        return (*super().metadata(account_id), (HEADER, _conversation.get()))


@dataclass
class Ends:
    """What became of drafts while a worker died."""

    kinds: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


def run(calls: int = 100, conversations: int = 13, seconds: float = 4) -> list[Row]:
    """All four questions, each way in turn."""
    return asyncio.run(_measure(calls, conversations, seconds))


async def _measure(calls: int, conversations: int, seconds: float) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        tiny, slow = (write_model(Path(folder) / f"{shape.layers}.gguf", shape) for shape in (TINY, SLOW))
        rows = await _costs(tiny, calls)
        for name in _WAYS:
            async with _running(slow) as workers, _WAYS[name](workers) as model:
                rows.append(
                    Row(
                        f"{name}: tokens of second drafts that were reused",
                        *await _affinity(model, workers, conversations),
                    )
                )
            async with _running(slow) as workers, _WAYS[name](workers) as model:
                rows += await _beside_a_busy_one(name, model, workers, conversations)
            async with _running(slow) as workers, _WAYS[name](workers) as model:
                rows += await _death(name, model, workers, seconds)
    return rows


@asynccontextmanager
async def _running(model: Path) -> AsyncIterator[list[WorkerProcess]]:
    async with AsyncExitStack() as stack:
        options = {"ML_SERVICE_SEQUENCES": str(_SEQUENCES), "ML_SERVICE_CACHE_TOKENS": "16384"}
        workers = [await stack.enter_async_context(worker_process(model, "", **options)) for _ in range(_WORKERS)]
        for worker in workers:
            async with _direct([worker]) as alone:
                await eventually_answers(partial(_is_ready, alone), 60)
        yield workers


async def _is_ready(model: Model) -> bool:
    try:
        (await model.status(2)).check_ready()
    except DomainError:
        return False
    return True


@asynccontextmanager
async def _through(address: str, policy: str = "") -> AsyncIterator[Model]:
    options = [("grpc.service_config", json.dumps({"loadBalancingConfig": [{policy: {}}]}))] if policy else []
    async with channel_to(address, options) as channel:
        yield WorkerModel(channel, _Caller("bench", INTERNAL_KEY))


@asynccontextmanager
async def _direct(workers: list[WorkerProcess]) -> AsyncIterator[Model]:
    async with _through(workers[0].address) as model:
        yield model


@asynccontextmanager
async def _envoy(workers: list[WorkerProcess]) -> AsyncIterator[Model]:
    with worker_edge([worker.address for worker in workers]) as address:
        async with _through(address) as model:
            yield model


@asynccontextmanager
async def _round_robin(workers: list[WorkerProcess]) -> AsyncIterator[Model]:
    async with _through("ipv4:" + ",".join(worker.address for worker in workers), "round_robin") as model:
        yield model


@asynccontextmanager
async def _pool(workers: list[WorkerProcess]) -> AsyncIterator[Model]:
    pool = WorkerPool([worker.address for worker in workers], InternalCaller("bench", INTERNAL_KEY))
    watch = asyncio.create_task(WorkerWatch(pool, None, interval=1.0).run())
    try:
        yield pool
    finally:
        await end_task(watch)
        await pool.close()


_WAYS = {"own choice": _pool, "Envoy, Maglev": _envoy, "gRPC, round robin": _round_robin}


def _order(number: int, said: str, tokens: int) -> GenerateRequest:
    conversation = UUID(int=number)
    _conversation.set(str(conversation))
    sampling = Sampling(max_tokens=tokens + 8, grammar=f"root ::= [a-z]{{{tokens}}}")
    return GenerateRequest(_ACCOUNT, conversation, Prompt((PromptPart(said),), (), "bench"), sampling, 1, 60.0)


async def _draft(model: Model, order: GenerateRequest) -> float:
    """A draft as inference_svc makes one, the model being asked first how it is; seconds to its first word."""
    began, first = time.perf_counter(), 0.0
    sha256 = (await model.status(5)).sha256
    async with aclosing(model.generate(replace(order, sha256=sha256))) as said:
        async for event in said:
            if isinstance(event, Piece) and not first:
                first = time.perf_counter() - began
    return first


async def _costs(tiny: Path, calls: int) -> list[Row]:
    rows: list[Row] = []
    async with _running(tiny) as workers, AsyncExitStack() as stack:
        ways = {"direct": _direct, **_WAYS}
        models = {name: await stack.enter_async_context(way(workers)) for name, way in ways.items()}
        kinds: dict[str, Callable[[Model], Awaitable[object]]] = {
            "status": lambda model: model.status(5),
            "16 tokens": lambda model: _draft_only(model),
        }
        for kind, call in kinds.items():
            # In turn, so that a change of the machine's pace meets all alike.
            taken = {name: [await _timed(call, model)] for name, model in models.items()}
            for _ in range(calls):
                for name, model in models.items():
                    taken[name].append(await _timed(call, model))
            base = median(taken["direct"])
            for name, seconds in taken.items():
                beside = "" if name == "direct" else f"direct, {base * 1000:.2f} ms"
                rows.append(
                    Row(
                        f"{name}: {kind}",
                        median(seconds) * 1000,
                        "ms",
                        beside,
                        median(seconds) / base if beside else None,
                    )
                )
    return rows


async def _draft_only(model: Model) -> None:
    async with aclosing(model.generate(_order(7, "Dinner?", 16))) as said:
        async for _ in said:
            pass


async def _timed(call: Callable[[Model], Awaitable[object]], model: Model) -> float:
    began = time.perf_counter()
    await call(model)
    return time.perf_counter() - began


async def _affinity(model: Model, workers: list[WorkerProcess], conversations: int) -> tuple[float, str, str, float]:
    said = "and then we went on to the river " * 4
    for number in range(conversations):
        await _draft(model, _order(number, f"{number} {said}", 4))
    before = sum([await worker.counted("prompt_tokens_reused_total") for worker in workers])
    # In another order, or who takes turns would be right by chance.
    again = random.Random(1).sample(range(conversations), conversations)  # noqa: S311 - repeatable, not secret
    for number in again:
        await _draft(model, _order(number, f"{number} {said} And you?", 4))
    reused = sum([await worker.counted("prompt_tokens_reused_total") for worker in workers]) - before
    share = reused / sum(len(f"{number} {said}") for number in range(conversations))
    return 100 * share, "% of their tokens", f"of {_WORKERS} by chance, {100 / _WORKERS:.0f} %", share * _WORKERS


async def _beside_a_busy_one(name: str, model: Model, workers: list[WorkerProcess], conversations: int) -> list[Row]:
    """First words while one worker is busy for another inference_svc, one draft after another."""
    calm = [await _draft(model, _order(number, "Dinner?", 4)) for number in range(conversations)]
    async with _direct(workers) as other:
        work = [asyncio.create_task(_draft_long(other, 1000 + number)) for number in range(3 * _SEQUENCES)]
        await eventually_answers(lambda: _is_busy(workers[0]))
        busy = [await _draft(model, _order(number, "Dinner?", 4)) for number in range(conversations)]
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    beside = f"calm, {median(calm) * 1000:,.0f} ms"
    return [
        Row(f"{name}: first word beside a busy worker", median(busy) * 1000, "ms", beside, median(busy) / median(calm)),
        Row(f"{name}: the same, slowest tenth", quantiles(busy, n=10)[-1] * 1000, "ms"),
    ]


async def _draft_long(model: Model, number: int) -> None:
    while True:
        await _draft(model, _order(number, "Tell me a long story", 200))


async def _is_busy(worker: WorkerProcess) -> bool:
    return await worker.counted("queue_depth") >= _SEQUENCES


async def _death(name: str, model: Model, workers: list[WorkerProcess], seconds: float) -> list[Row]:
    """Drafts of six readers, a third of the time into which a worker is killed."""
    ends, until = Ends(), time.monotonic() + seconds
    readers = [asyncio.create_task(_read_on(model, 100 * number, until, ends)) for number in range(6)]
    await asyncio.sleep(seconds / 3)
    workers[1].send(signal.SIGKILL)
    await asyncio.gather(*readers)
    asked = sum(ends.kinds.values())
    return [
        Row(f"{name}: refused after kill -9", ends.kinds["refused"], "drafts", f"of {asked}"),
        Row(f"{name}: broken off after kill -9", ends.kinds["broken"], "drafts", f"of {asked}"),
        Row(f"{name}: slowest draft around it", ends.slowest * 1000, "ms"),
    ]


async def _read_on(model: Model, number: int, until: float, ends: Ends) -> None:
    while time.monotonic() < until:
        number += 1
        began, has_begun = time.perf_counter(), False
        try:
            order = _order(number, "Dinner?", 60)
            order = replace(order, sha256=(await model.status(5)).sha256)
            async with aclosing(model.generate(order)) as said:
                async for event in said:
                    has_begun = has_begun or isinstance(event, Piece)
            ends.kinds["answered"] += 1
        # Through Envoy a stream that broke off is INTERNAL, which is no domain error.
        except (DomainError, grpc.aio.AioRpcError):
            ends.kinds["broken" if has_begun else "refused"] += 1
        ends.slowest = max(ends.slowest, time.perf_counter() - began)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--calls", type=int, default=100)
    arguments.add_argument("--conversations", type=int, default=13)
    arguments.add_argument("--seconds", type=float, default=4)
    print_table("the way to several workers", run(**vars(arguments.parse_args())))
