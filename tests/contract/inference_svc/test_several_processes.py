"""Two processes of inference_svc with one Redis and one database, between the same two workers."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from typing import Any

import pytest
from assistant.inference.v1 import responses_pb2, worker_pb2, worker_pb2_grpc

from inference_svc.jobs.runner import JobIntervals
from inference_svc.wiring import Intervals
from svc_kit.errors import Unavailable
from svc_kit.ids import new_id
from svc_kit.redis_client import redis_from_url
from tests.contract.inference_svc.product import Product, running_neighbours, running_product
from tests.contract.inference_svc.scripted import Said, ScriptedWorker, reply, serving
from tests.deadline import eventually

BRISK = Intervals(jobs=JobIntervals(look=0.1, pause=0.05, upkeep=0.1))


class CountingWorker(ScriptedWorker):
    """Counts the drafts that it ended."""

    def __init__(self) -> None:
        super().__init__()
        self.drafted = 0

    async def Generate(
        self, request: worker_pb2.GenerateRequest, context: Any
    ) -> AsyncGenerator[worker_pb2.GenerateResponse, None]:
        async with aclosing(super().Generate(request, context)) as events:
            async for event in events:
                self.drafted += event.HasField("done")
                yield event


@dataclass
class Queued:
    """A job, its conversation, and the owner's view of the process that did not take it in."""

    job: responses_pb2.GenerationJob
    said: Said
    elsewhere: Product


@dataclass
class Processes:
    """Both, and what they share."""

    products: list[Product]
    workers: list[CountingWorker]

    async def enqueue(self, number: int) -> Queued:
        """A job of one of four accounts, by one process and the other in turn."""
        one, other = (replace(each, account_id=ACCOUNTS[number % 4]) for each in self._in_turn(number))
        said = one.say(f"Dinner {number}?")
        return Queued(await one.enqueue(message_id=said.newest), said, other)

    def _in_turn(self, number: int) -> list[Product]:
        return self.products[:: 1 if number % 2 else -1]


ACCOUNTS = [new_id() for _ in range(4)]


@pytest.fixture
async def processes(schema, valkey) -> AsyncIterator[Processes]:
    url = f"{valkey}/9"
    async with AsyncExitStack() as stack:
        neighbours = await stack.enter_async_context(running_neighbours())
        workers = [CountingWorker() for _ in range(2)]  # type: ignore[abstract]  # they have no adapters
        servers = []
        for worker in workers:
            add = lambda server, worker=worker: worker_pb2_grpc.add_WorkerServiceServicer_to_server(worker, server)  # noqa: E731
            servers.append(await stack.enter_async_context(serving("worker", add)))
        neighbours.addresses["worker"] = ", ".join(f"127.0.0.1:{server.port}" for server in servers)
        products = [
            await stack.enter_async_context(running_product(schema, url, neighbours, intervals=BRISK)) for _ in range(2)
        ]
        yield Processes(products, workers)
    async with redis_from_url(url) as redis:
        await redis.flushdb()


async def test_each_job_is_drafted_once_and_told_by_either_also_after_the_workers_were_away(processes):
    for worker in processes.workers:
        worker.steps = [Unavailable("the model was stopped")]
    queued = [await processes.enqueue(number) for number in range(40)]
    await eventually(lambda: all(worker.requests for worker in processes.workers))
    for worker in processes.workers:
        worker.steps = reply("Yes,", " sure.")

    ended = [await each.elsewhere.ended(each.job.job_id) for each in queued]

    assert {job.state for job in ended} == {responses_pb2.JOB_STATE_COMPLETED}
    kept = [await each.elsewhere.list(each.said.conversation_id) for each in queued]
    assert [[draft.response_id for draft in drafts] for drafts in kept] == [[job.response.response_id] for job in ended]
    assert sum(worker.drafted for worker in processes.workers) == len(queued)
