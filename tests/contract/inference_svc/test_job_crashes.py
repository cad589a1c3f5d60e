"""Processes that die in the middle of drafts, and a Redis that is emptied: each job still ends, and ends once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from assistant.inference.v1 import responses_pb2 as pb
from sqlalchemy import select, text

from inference_svc.jobs.domain.job import MAX_ATTEMPTS
from inference_svc.storage.tables import generation_jobs, responses
from inference_svc.wiring import Intervals
from stack.embedded.valkey import running_valkey
from svc_kit.database import Database
from svc_kit.redis_client import redis_from_url
from tests.conftest import DatabaseAddress
from tests.contract.inference_svc.doomed import LEASE
from tests.contract.inference_svc.product import Neighbours, Product, running_neighbours, running_product
from tests.contract.inference_svc.scripted import INTERNAL_KEY, done, queued, token
from tests.deadline import eventually, eventually_answers

ROOT = Path(__file__).parents[3]
# So that no lease runs out, however busy the machine is.
UNHURRIED = replace(LEASE, lease=60.0)


@pytest.fixture
async def neighbours() -> AsyncIterator[Neighbours]:
    async with running_neighbours() as neighbours:
        yield neighbours


@pytest.fixture
async def queue_url(valkey) -> AsyncIterator[str]:
    """A Redis database of this test's own."""
    url = f"{valkey}/6"
    yield url
    await empty(url)


@asynccontextmanager
async def doomed(database, queue_url: str, neighbours: Neighbours) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that runs jobs; it is killed at the end if the test did not do it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.contract.inference_svc.doomed",
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
            "DB_HOST": database.host,
            "DB_PORT": str(database.port),
            "DB_USER": database.user,
            "DB_PASSWORD": database.password.get_secret_value(),
            "DB_NAME": database.name,
            "REDIS_URL": queue_url,
            "ASSISTANT_INTERNAL_KEY": INTERNAL_KEY,
            "INFERENCE_SVC_LISTEN": "127.0.0.1:0",
            "SYNC_SVC_ADDRESS": neighbours.addresses["sync"],
            "TRAINING_SVC_ADDRESS": neighbours.addresses["training"],
            "ML_SERVICE_URL": neighbours.addresses["worker"],
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended_once(product: Product, jobs: Sequence[pb.GenerationJob]) -> list[pb.GenerationJob]:
    """The jobs when all have ended well; each has made one draft, and there is no other that is complete."""
    ended = [await product.ended(job.job_id) for job in jobs]
    complete = select(responses.c.id).where(responses.c.status == "completed")
    unfinished = select(responses.c.id).where(responses.c.status == "generating")
    async with product.database.transaction(product.account_id) as connection:
        drafts = list((await connection.execute(complete)).scalars())
        left = list((await connection.execute(unfinished)).scalars())
        made = list((await connection.execute(select(generation_jobs.c.response_id))).scalars())
    assert {job.state for job in ended} == {pb.JOB_STATE_COMPLETED}
    assert left == []
    assert len(made) == len(jobs)
    assert sorted(drafts) == sorted(made)
    return ended


@pytest.mark.parametrize("emptied", [False, True])
async def test_jobs_of_a_killed_process_are_made_by_another(schema, queue_url, neighbours, emptied):
    gate = asyncio.Event()
    neighbours.worker.steps = [queued(), token("Y"), gate, token("es"), done()]
    async with running_product(
        schema, queue_url, neighbours, intervals=Intervals(jobs=LEASE), jobs_at_once=1
    ) as product:
        jobs = [await product.enqueue(message_id=product.say(f"Question {number}").newest) for number in range(12)]
        async with doomed(schema, queue_url, neighbours) as process:
            # One is being made here, and four there.
            await eventually(lambda: len(neighbours.worker.requests) == 5)

            process.kill()
            await process.wait()
            if emptied:
                await empty(queue_url)
            gate.set()
            ended = await ended_once(product, jobs)

    attempts = sorted(job.attempts for job in ended)
    assert attempts[-4:] >= [2, 2, 2, 2]
    assert attempts[-1] <= MAX_ATTEMPTS


async def test_a_redis_that_is_emptied_while_jobs_wait_and_run_loses_none(schema, queue_url, neighbours):
    gate = asyncio.Event()
    neighbours.worker.steps = [queued(), token("Y"), gate, token("es"), done()]
    both = [
        running_product(schema, queue_url, neighbours, intervals=Intervals(jobs=UNHURRIED), jobs_at_once=2)
        for _ in range(2)
    ]
    async with both[0] as product, both[1]:
        jobs = [await product.enqueue(message_id=product.say(f"Question {number}").newest) for number in range(12)]
        await eventually(lambda: len(neighbours.worker.requests) == 4)

        await empty(queue_url)
        gate.set()
        ended = await ended_once(product, jobs)

    assert {job.attempts for job in ended} == {1}


async def test_a_process_that_slept_for_longer_than_its_lease_writes_nothing_any_more(schema, queue_url, neighbours):
    gate = asyncio.Event()
    neighbours.worker.steps = [queued(), token("Y"), gate, token("es"), done()]
    async with running_product(
        schema, queue_url, neighbours, intervals=Intervals(jobs=LEASE), jobs_at_once=1
    ) as product:
        jobs = [await product.enqueue(message_id=product.say(f"Question {number}").newest) for number in range(5)]
        async with doomed(schema, queue_url, neighbours) as process:
            await eventually_answers(lambda: are_made(product, jobs, 5))

            process.send_signal(signal.SIGSTOP)
            gate.set()
            ended = await ended_once(product, jobs)
            # It wakes up to drafts that the model finished long ago, and to jobs that are somebody else's.
            process.send_signal(signal.SIGCONT)
            process.terminate()
            await process.wait()

        assert await ended_once(product, jobs) == ended


async def test_a_redis_that_goes_away_while_jobs_wait_and_run_loses_none(schema, neighbours, open_directory):
    gate = asyncio.Event()
    neighbours.worker.steps = [queued(), token("Y"), gate, token("es"), done()]
    directory = open_directory / "valkey-of-a-test"
    directory.mkdir()
    with ExitStack() as servers:
        url = servers.enter_context(running_valkey(directory))
        async with running_product(
            schema, url, neighbours, intervals=Intervals(jobs=UNHURRIED), jobs_at_once=2
        ) as product:
            jobs = [await product.enqueue(message_id=product.say(f"Question {number}").newest) for number in range(6)]
            await eventually_answers(lambda: are_made(product, jobs, 2))

            servers.close()
            later = await product.enqueue(message_id=product.say("And this?").newest)
            gate.set()
            ended = await ended_once(product, [*jobs, later])

    assert {job.attempts for job in ended} == {1}


async def test_a_database_that_drops_its_connections_doubles_and_loses_none(schema, database, queue_url, neighbours):
    gate = asyncio.Event()
    neighbours.worker.steps = [queued(), token("Y"), gate, token("es"), done()]
    async with running_product(
        schema, queue_url, neighbours, intervals=Intervals(jobs=UNHURRIED), jobs_at_once=2
    ) as product:
        jobs = [await product.enqueue(message_id=product.say(f"Question {number}").newest) for number in range(6)]
        await eventually_answers(lambda: are_made(product, jobs, 2))

        await drop_connections(database)
        gate.set()
        await drop_connections(database)
        await eventually_answers(lambda: have_ended(product, jobs))
        ended = await ended_once(product, jobs)

    assert max(job.attempts for job in ended) <= MAX_ATTEMPTS


async def drop_connections(database: DatabaseAddress) -> None:
    """End all that the service has to say to its database."""
    owner = Database(database.settings)
    everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :role AND datname = :name"
    async with owner.system_transaction() as connection:
        await connection.execute(text(everybody), {"role": "assistant_inference", "name": database.name})
    await owner.close()


async def have_ended(product: Product, jobs: Sequence[pb.GenerationJob]) -> bool:
    """Whether all jobs have; False also when nobody can tell at the moment."""
    try:
        return all([(await product.job(job.job_id)).HasField("ended_at") for job in jobs])
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return False


async def are_made(product: Product, jobs: Sequence[pb.GenerationJob], count: int) -> bool:
    """Whether so many of the jobs have a draft."""
    return sum([(await product.job(job.job_id)).HasField("response") for job in jobs]) == count


async def empty(queue_url: str) -> None:
    """Take from Redis all that it has."""
    async with redis_from_url(queue_url) as redis:
        await redis.flushall()
