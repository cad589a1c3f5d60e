"""GenerateAsync, GetJob, WatchJob, CancelJob: drafts in the queue."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import grpc
import pytest
from assistant.inference.v1 import responses_pb2 as pb
from assistant.inference.v1 import sampling_pb2

from inference_svc.jobs.runner import JobIntervals
from inference_svc.wiring import Intervals
from svc_kit.errors import FailedPrecondition, InvalidInput, NotFound, Overloaded, Unavailable
from svc_kit.ids import new_id
from svc_kit.redis_client import redis_from_url
from tests.contract.inference_svc.product import NOBODY, Neighbours, Product, running_neighbours, running_product
from tests.contract.inference_svc.refusal import broken, refused
from tests.contract.inference_svc.scripted import done, queued, reading, reply, token, writing
from tests.deadline import eventually, eventually_answers

BRISK = JobIntervals(lease=5.0, look=0.05, pause=0.02, upkeep=0.2)
CANARY = "zanzibar-canary-4711"


@pytest.fixture
async def neighbours() -> AsyncIterator[Neighbours]:
    async with running_neighbours() as neighbours:
        yield neighbours


@pytest.fixture
async def queue_url(valkey) -> AsyncIterator[str]:
    """A Redis database of this test's own."""
    url = f"{valkey}/7"
    yield url
    async with redis_from_url(url) as redis:
        await redis.flushdb()


@pytest.fixture
async def product(schema, queue_url, neighbours) -> AsyncIterator[Product]:
    async with running_product(schema, queue_url, neighbours, intervals=Intervals(jobs=BRISK)) as product:
        yield product


async def in_state(product: Product, job_id: str, state: int) -> pb.GenerationJob:
    async def is_there() -> bool:
        return (await product.job(job_id)).state == state

    await eventually_answers(is_there)
    return await product.job(job_id)


async def test_a_job_is_answered_at_once_and_drafted_later(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *reply("Yes,", " sure.")[1:]]
    said = product.say("Coming?")

    job = await product.enqueue(message_id=said.newest, suggestions=1)
    await in_state(product, job.job_id, pb.JOB_STATE_RUNNING)
    gate.set()
    ended = await product.ended(job.job_id)

    assert job.state == pb.JOB_STATE_QUEUED
    assert (ended.state, ended.attempts, ended.error) == (pb.JOB_STATE_COMPLETED, 1, "")
    assert (ended.response.response, ended.response.status) == ("Yes, sure.", pb.RESPONSE_STATUS_COMPLETED)
    assert job.created_at.ToDatetime() <= ended.ended_at.ToDatetime()
    assert await product.job(job.job_id) == ended
    assert [each.response_id for each in await product.list(said.conversation_id)] == [ended.response.response_id]


async def test_everything_that_was_asked_reaches_the_model(product):
    product.worker.steps = [queued(), token("One", 0), token("Two", 1), done(1, last=False), done(0)]
    said = product.say("one", "two", "three")

    job = await product.enqueue(
        conversation_id=said.conversation_id,
        context=pb.ContextOptions(max_history=2),
        suggestions=2,
        instruction="shorter",
        sampling=sampling_pb2.SamplingOptions(seed=0, temperature=0, max_tokens=20),
        skip_cache=True,
        model_id="scripted-1b",
    )
    ended = await product.ended(job.job_id)

    request = product.worker.requests[-1]
    assert (request.suggestions, request.sampling.max_tokens, request.sampling.temperature) == (2, 20, 0)
    assert (request.sampling.HasField("seed"), request.sampling.seed) == (True, 0)
    assert "one" not in product.worker.prompt
    assert (ended.response.response, ended.response.instruction) == ("One", "shorter")
    assert len(await product.list(said.conversation_id)) == 2


async def test_a_draft_from_the_cache_is_a_job_too(product):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest)

    ended = await product.ended((await product.enqueue(message_id=said.newest)).job_id)

    assert ended.response.response == "Yes, sure."
    assert len(product.worker.requests) == 1


async def test_a_draft_that_a_newer_message_overtook_is_told_as_such(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *reply("Yes")[1:]]
    said = product.say("Coming?")
    job = await product.enqueue(message_id=said.newest)
    await eventually(lambda: bool(product.worker.requests))

    said.add("Never mind.")
    gate.set()
    ended = await product.ended(job.job_id)

    assert ended.state == pb.JOB_STATE_COMPLETED
    assert ended.response.status == pb.RESPONSE_STATUS_SUPERSEDED


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({}, grpc.StatusCode.INVALID_ARGUMENT, ["request.message_id"]),
        ({"message_id": "no id"}, grpc.StatusCode.INVALID_ARGUMENT, ["request.message_id"]),
        ({"message_id": str(new_id())}, grpc.StatusCode.NOT_FOUND, []),
        ({"model_id": "gpt-11"}, grpc.StatusCode.INVALID_ARGUMENT, ["request.model_id"]),
        ({"model_id": "phi-2"}, grpc.StatusCode.FAILED_PRECONDITION, []),
        ({"suggestions": 5}, grpc.StatusCode.INVALID_ARGUMENT, ["request.suggestions"]),
        (
            {"sampling": sampling_pb2.SamplingOptions(max_tokens=1000)},
            grpc.StatusCode.INVALID_ARGUMENT,
            ["request.sampling.max_tokens"],
        ),
        (
            {"sampling": sampling_pb2.SamplingOptions(deterministic=True)},
            grpc.StatusCode.INVALID_ARGUMENT,
            ["request.sampling.deterministic"],
        ),
    ],
)
async def test_what_cannot_be_drafted_is_refused_before_it_is_queued(product, fields, code, named):
    said = product.say("Coming?")
    if fields and "message_id" not in fields:
        fields = {"message_id": said.newest, **fields}

    refusal = await refused(product.enqueue(**fields))

    assert (refusal.code, refusal.fields) == (code, named)


async def test_a_job_without_a_draft_is_refused(product):
    refusal = await refused(product.responses.GenerateAsync(pb.GenerateAsyncRequest(), metadata=product.owner))

    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["request"])


async def test_the_same_request_again_gives_the_same_job(product):
    said = product.say("Coming?")
    once = str(new_id())

    first = await product.enqueue(message_id=said.newest, job_request_id=once)
    await product.ended(first.job_id)
    again = await product.enqueue(message_id=said.newest, job_request_id=once)

    assert (again.job_id, again.state) == (first.job_id, pb.JOB_STATE_COMPLETED)
    assert len(await product.list(said.conversation_id)) == 1


async def test_the_same_request_many_times_at_once_makes_one_job(product):
    said = product.say("Coming?")
    once = str(new_id())

    jobs = await asyncio.gather(*[product.enqueue(message_id=said.newest, job_request_id=once) for _ in range(8)])

    assert len({job.job_id for job in jobs}) == 1
    await product.ended(jobs[0].job_id)
    assert len(await product.list(said.conversation_id)) == 1


async def test_the_id_of_the_drafts_request_is_as_good(product):
    said = product.say("Coming?")
    once = str(new_id())

    first = await product.enqueue(message_id=said.newest, request_id=once)
    again = await product.enqueue(message_id=said.newest, request_id=once, job_request_id=once)
    refusal = await refused(product.enqueue(message_id=said.newest, request_id=once, job_request_id=str(new_id())))

    assert again.job_id == first.job_id
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["request.request_id"])


async def test_a_request_id_cannot_be_used_for_another_request(product):
    said = product.say("Coming?")
    once = str(new_id())
    await product.enqueue(message_id=said.newest, job_request_id=once)

    refusal = await refused(product.enqueue(message_id=said.newest, job_request_id=once, suggestions=2))

    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["request_id"])


async def test_another_account_knows_nothing_of_a_job(product):
    said = product.say("Coming?")
    job = await product.enqueue(message_id=said.newest, job_request_id=str(new_id()))
    await product.ended(job.job_id)
    mine, theirs = product, replace(product, account_id=new_id())

    refusals = [await refused(theirs.job(job.job_id)), await refused(theirs.cancel(job.job_id))]
    events, refusal = await broken(theirs.watch(job.job_id))

    assert {each.code for each in [*refusals, refusal]} == {grpc.StatusCode.NOT_FOUND}
    assert events == []
    assert (await mine.job(job.job_id)).state == pb.JOB_STATE_COMPLETED


@pytest.mark.parametrize("call", ["job", "cancel"])
async def test_an_id_that_is_none_is_named(product, call):
    refusal = await refused(getattr(product, call)("no id"))

    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["job_id"])


async def test_only_so_many_wait_for_an_account(schema, queue_url, neighbours):
    neighbours.worker.steps = [queued(), asyncio.Event()]
    limits = {"jobs_at_once": 1, "max_waiting_jobs": 2}
    async with running_product(schema, queue_url, neighbours, intervals=Intervals(jobs=BRISK), **limits) as product:
        said = product.say("Coming?")
        once = str(new_id())
        running = await product.enqueue(message_id=said.newest, job_request_id=once)
        await in_state(product, running.job_id, pb.JOB_STATE_RUNNING)

        outcomes = await asyncio.gather(
            *[product.enqueue(message_id=said.newest) for _ in range(6)], return_exceptions=True
        )
        refusal = await refused(product.enqueue(message_id=said.newest))
        again = await product.enqueue(message_id=said.newest, job_request_id=once)
        waiting = [outcome for outcome in outcomes if isinstance(outcome, pb.GenerationJob)]

        async def each_has_its_place() -> bool:
            return sorted([(await product.job(job.job_id)).queue_position for job in waiting]) == [0, 1]

        await eventually_answers(each_has_its_place)
        await cancelled_all(product, running, *waiting)

    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal.retry_seconds > 0
    assert again.job_id == running.job_id


async def cancelled_all(product: Product, *jobs: pb.GenerationJob) -> None:
    """Leave nothing behind for the tests that come after."""
    for job in jobs:
        await product.cancel(job.job_id)


async def test_a_job_that_waits_is_cancelled_at_once(schema, queue_url, neighbours):
    neighbours.worker.steps = [queued(), asyncio.Event()]
    async with running_product(
        schema, queue_url, neighbours, intervals=Intervals(jobs=BRISK), jobs_at_once=1
    ) as product:
        said = product.say("Coming?")
        running = await product.enqueue(message_id=said.newest)
        await in_state(product, running.job_id, pb.JOB_STATE_RUNNING)
        waiting = await product.enqueue(message_id=said.newest)

        cancelled = await product.cancel(waiting.job_id)
        again = await product.cancel(waiting.job_id)
        await product.cancel(running.job_id)

    assert (cancelled.state, cancelled.attempts) == (pb.JOB_STATE_CANCELLED, 0)
    assert cancelled.HasField("ended_at")
    assert again == cancelled
    assert len(neighbours.worker.requests) == 1


async def test_cancelling_a_job_that_runs_stops_the_model(product):
    product.worker.steps = [queued(), token("Ye"), asyncio.Event()]
    said = product.say("Coming?")
    job = await product.enqueue(message_id=said.newest)
    await eventually(lambda: bool(product.worker.requests))

    cancelled = await product.cancel(job.job_id)

    assert cancelled.state == pb.JOB_STATE_CANCELLED
    await asyncio.wait_for(product.worker.stopped.wait(), timeout=5)

    async def draft_is_cancelled() -> bool:
        drafts = await product.list(said.conversation_id)
        return [draft.status for draft in drafts] == [pb.RESPONSE_STATUS_CANCELLED]

    await eventually_answers(draft_is_cancelled)
    assert (await product.job(job.job_id)).state == pb.JOB_STATE_CANCELLED


async def test_a_process_hears_that_its_job_was_cancelled_at_another(schema, queue_url, neighbours):
    neighbours.worker.steps = [queued(), token("Ye"), asyncio.Event()]
    # So that only news can be why it knows.
    patient = Intervals(jobs=replace(BRISK, lease=3600.0))
    async with running_product(schema, queue_url, neighbours, intervals=patient) as one:
        job = await one.enqueue(message_id=one.say("Coming?").newest)
        await in_state(one, job.job_id, pb.JOB_STATE_RUNNING)
        await eventually(lambda: bool(neighbours.worker.requests))
        async with running_product(schema, queue_url, neighbours, intervals=patient) as other:
            other.account_id = one.account_id

            await other.cancel(job.job_id)

            await asyncio.wait_for(neighbours.worker.stopped.wait(), timeout=10)


async def test_a_job_that_ended_stays_as_it_ended(product):
    said = product.say("Coming?")
    ended = await product.ended((await product.enqueue(message_id=said.newest)).job_id)

    assert await product.cancel(ended.job_id) == ended


async def test_a_watch_tells_the_state_at_once_each_change_and_the_end(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *reply("Yes")[1:]]
    said = product.say("Coming?")
    job = await product.enqueue(message_id=said.newest)
    kinds, states = [], []

    async for event in product.watch(job.job_id):
        kinds.append(str(event.WhichOneof("event")))
        states.append(getattr(event, kinds[-1]).state)
        if states[-1] == pb.JOB_STATE_RUNNING:
            gate.set()

    assert kinds == ["job"] * (len(kinds) - 1) + ["done"]
    assert states == sorted(states)
    assert set(states) - {pb.JOB_STATE_QUEUED} == {pb.JOB_STATE_RUNNING, pb.JOB_STATE_COMPLETED}


async def test_a_watch_of_what_has_ended_ends_at_once(product):
    said = product.say("Coming?")
    ended = await product.ended((await product.enqueue(message_id=said.newest)).job_id)

    events = [event async for event in product.watch(ended.job_id)]

    assert [event.done for event in events] == [ended]


async def test_a_silent_watch_beats(schema, queue_url, neighbours):
    neighbours.worker.steps = [queued(), asyncio.Event()]
    intervals = Intervals(heartbeat=0.02, jobs=BRISK)
    async with running_product(schema, queue_url, neighbours, intervals=intervals) as product:
        job = await product.enqueue(message_id=product.say("Coming?").newest)

        async for event in product.watch(job.job_id):
            if event.HasField("heartbeat"):
                break
        await product.cancel(job.job_id)


async def test_a_watcher_at_another_process_hears_of_the_end(schema, queue_url, neighbours):
    gate = asyncio.Event()
    neighbours.worker.steps = [queued(), gate, *reply("Yes")[1:]]
    # So that only news can be why it knows.
    patient = Intervals(jobs=replace(BRISK, look=3600.0))
    async with (
        running_product(schema, queue_url, neighbours, intervals=patient) as one,
        running_product(schema, queue_url, neighbours, intervals=patient) as other,
    ):
        other.account_id = one.account_id
        job = await one.enqueue(message_id=one.say("Coming?").newest)
        await eventually(lambda: bool(neighbours.worker.requests))
        watches = [asyncio.create_task(each.ended(job.job_id)) for each in (one, other)]
        gate.set()

        ended = await asyncio.wait_for(asyncio.gather(*watches), timeout=10)

    assert [each.state for each in ended] == [pb.JOB_STATE_COMPLETED] * 2


@pytest.mark.parametrize("failure", [Overloaded("full", retry_after=0.1), Unavailable("the model broke")])
async def test_a_model_that_refuses_is_asked_again_and_costs_no_attempt(product, failure):
    product.worker.steps = [failure]
    said = product.say("Coming?")
    job = await product.enqueue(message_id=said.newest)
    await eventually(lambda: len(product.worker.requests) > 4)

    product.worker.steps = reply("Yes")
    ended = await product.ended(job.job_id)

    assert (ended.state, ended.attempts) == (pb.JOB_STATE_COMPLETED, 1)


async def test_a_draft_that_breaks_off_is_made_again_three_times_at_most(product):
    product.worker.steps = [queued(), token("Ye"), Unavailable("the model broke")]
    said = product.say("Coming?")

    ended = await product.ended((await product.enqueue(message_id=said.newest)).job_id)

    assert (ended.state, ended.attempts) == (pb.JOB_STATE_FAILED, 3)
    assert "after 3 attempts: the model broke" in ended.error
    assert [each.status for each in await product.list(said.conversation_id)] == [pb.RESPONSE_STATUS_FAILED] * 3


async def test_a_draft_that_breaks_off_once_is_made_again(product):
    product.worker.steps = [queued(), token("Ye"), Unavailable("the model broke")]
    said = product.say("Coming?")
    job = await product.enqueue(message_id=said.newest)
    await eventually(lambda: bool(product.worker.requests))
    product.worker.steps = reply("Yes")

    ended = await product.ended(job.job_id)

    assert (ended.state, ended.attempts, ended.response.response) == (pb.JOB_STATE_COMPLETED, 2, "Yes")


@pytest.mark.parametrize(
    "failure",
    [
        NotFound("there is no such message"),
        FailedPrecondition("EMPTY_CONVERSATION", "there is nothing to answer"),
        InvalidInput("message_id", "is not a message to answer"),
    ],
)
async def test_what_turns_out_to_be_wrong_fails_at_once_and_says_why(product, failure):
    said = product.say("Coming?")
    # sync_svc is away when the job is accepted, and knows better when it runs.
    product.sync.failure = Unavailable("away")
    job = await product.enqueue(message_id=said.newest)
    product.sync.failure = failure

    ended = await product.ended(job.job_id)

    assert (ended.state, ended.attempts, ended.error) == (pb.JOB_STATE_FAILED, 1, failure.message)


async def test_without_a_model_a_job_waits_for_it(schema, queue_url, neighbours):
    here = dict(neighbours.addresses)
    neighbours.addresses["worker"] = NOBODY
    async with running_product(schema, queue_url, neighbours, intervals=Intervals(jobs=BRISK)) as product:
        said = product.say("Coming?")
        job = await product.enqueue(message_id=said.newest, model_id="phi-2")
        other = await product.enqueue(message_id=said.newest)
    neighbours.addresses.update(here)
    async with running_product(schema, queue_url, neighbours, intervals=Intervals(jobs=BRISK)) as later:
        later.account_id = product.account_id
        ended = [await later.ended(job.job_id), await later.ended(other.job_id)]

    assert [each.state for each in ended] == [pb.JOB_STATE_FAILED, pb.JOB_STATE_COMPLETED]
    assert "scripted-1b" in ended[0].error
    assert [each.attempts for each in ended] == [1, 1]


async def test_a_process_that_stops_gives_its_jobs_back(schema, queue_url, neighbours):
    neighbours.worker.steps = [queued(), token("Ye"), asyncio.Event()]
    # Whoever waited for the lease to run out would wait for an hour.
    patient = Intervals(jobs=replace(BRISK, lease=3600.0))
    async with running_product(schema, queue_url, neighbours, intervals=patient) as product:
        job = await product.enqueue(message_id=product.say("Coming?").newest)
        await eventually(lambda: bool(neighbours.worker.requests))
    neighbours.worker.steps = reply("Yes")

    async with running_product(schema, queue_url, neighbours, intervals=Intervals(jobs=BRISK)) as later:
        later.account_id = product.account_id
        ended = await later.ended(job.job_id)

    assert (ended.state, ended.attempts) == (pb.JOB_STATE_COMPLETED, 1)


@pytest.mark.parametrize("enabled", [True, False])
async def test_without_redis_jobs_run_in_the_order_of_the_database(schema, neighbours, enabled):
    gate = asyncio.Event()
    neighbours.worker.steps = [queued(), gate, *reply("Yes")[1:]]
    settings = {"jobs_at_once": 1, "redis_enabled": enabled}
    made = running_product(schema, "redis://127.0.0.1:1", neighbours, intervals=Intervals(jobs=BRISK), **settings)
    async with made as product:
        said = [product.say(f"Question {number}") for number in range(4)]
        jobs = [await product.enqueue(message_id=each.newest) for each in said]
        await in_state(product, jobs[0].job_id, pb.JOB_STATE_RUNNING)
        places = [(await product.job(job.job_id)).queue_position for job in jobs[1:]]
        gate.set()
        ended = [await product.ended(job.job_id) for job in jobs]

    asked = ["".join(part.text for part in request.prompt) for request in neighbours.worker.requests]
    assert places == [0, 1, 2]
    assert [each.state for each in ended] == [pb.JOB_STATE_COMPLETED] * 4
    assert asked == [f"Them: Question {number}\nMe:" for number in range(4)]


async def test_a_running_job_tells_its_place_before_the_model(product):
    product.worker.steps = [queued(3, 1.5), asyncio.Event()]
    job = await product.enqueue(message_id=product.say("Coming?").newest)

    async def has_place() -> bool:
        return (await product.job(job.job_id)).queue_position == 3

    await eventually_answers(has_place)
    await product.cancel(job.job_id)


async def test_how_long_it_takes_is_learned(schema, queue_url, neighbours):
    async with running_product(
        schema, queue_url, neighbours, intervals=Intervals(jobs=BRISK), jobs_at_once=1
    ) as product:
        said = product.say("Coming?")
        await product.ended((await product.enqueue(message_id=said.newest)).job_id)
        neighbours.worker.steps = [queued(), asyncio.Event()]
        running = await product.enqueue(message_id=said.newest, skip_cache=True)
        await in_state(product, running.job_id, pb.JOB_STATE_RUNNING)

        waiting = await product.enqueue(message_id=said.newest, skip_cache=True)
        await cancelled_all(product, waiting, running)

    assert waiting.eta_seconds > 0


async def test_what_is_said_reaches_no_log_and_no_redis(product, queue_url, capfd):
    said = product.say(f"Does the {CANARY} sing?")
    product.worker.steps = [queued(), reading(), writing(), token(CANARY), Unavailable("broke")]
    job = await product.enqueue(message_id=said.newest, instruction=f"like a {CANARY}", skip_cache=True)

    await product.ended(job.job_id)

    async with redis_from_url(queue_url) as redis:
        kept = b"".join([key + (await redis.dump(key) or b"") async for key in redis.scan_iter("*")])
    assert b"conv-assistant:job:" in kept
    assert CANARY.encode() not in kept
    logged = capfd.readouterr()
    assert CANARY not in logged.out + logged.err
