"""Drafting with two scripted workers: where a draft goes, and what becomes of it when one refuses or breaks off."""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc
import pytest
from assistant.inference.v1 import models_pb2, responses_pb2, sampling_pb2, worker_pb2, worker_pb2_grpc
from prometheus_client import REGISTRY

from inference_svc.workers import worker_pool
from inference_svc.workers.known_worker import PATIENCE_S, KnownWorker
from inference_svc.workers.worker_choice import WorkerState, choose
from svc_kit.clients import InternalCaller
from svc_kit.errors import DeadlineExceeded, InvalidInput, Overloaded, Unavailable
from svc_kit.gate import Gate
from svc_kit.server import Service, running
from svc_kit.tokens import KeyRing, TokenVerifier
from tests.contract.inference_svc.product import NOBODY, Product, running_neighbours, running_product
from tests.contract.inference_svc.refusal import broken, refused
from tests.contract.inference_svc.scripted import (
    INTERNAL_KEY,
    Neverland,
    Said,
    ScriptedWorker,
    no_keys,
    queued,
    reading,
    serving,
    token,
    writing,
)
from tests.deadline import eventually, eventually_answers


class MoodyWorker(ScriptedWorker):
    """May be silent when it is asked how it is, and may spend a draft's time until so much of it is left."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = 0
        self.holds_until_left = math.inf

    async def Status(self, request: worker_pb2.StatusRequest, context: Any) -> worker_pb2.StatusResponse:
        self.asked += 1
        await self.may_answer.wait()
        return self.status

    async def Generate(
        self, request: worker_pb2.GenerateRequest, context: Any
    ) -> AsyncGenerator[worker_pb2.GenerateResponse, None]:
        async with aclosing(super().Generate(request, context)) as events:
            async for event in events:
                yield event
                await eventually(lambda: context.time_remaining() <= self.holds_until_left)


@dataclass
class Pair:
    """inference_svc between two workers."""

    product: Product
    workers: dict[str, MoodyWorker]

    def say(self, *texts: str) -> tuple[Said, MoodyWorker, MoodyWorker]:
        """A conversation, its own worker, and the other one."""
        said = self.product.say(*texts)
        states = [WorkerState(address) for address in self.workers]
        order = choose(states, self.product.account_id, UUID(said.conversation_id), "").order
        return said, self.workers[order[0]], self.workers[order[1]]


@pytest.fixture
async def pair(schema, valkey) -> AsyncIterator[Pair]:
    workers = {}
    async with AsyncExitStack() as stack:
        neighbours = await stack.enter_async_context(running_neighbours())
        for _ in range(2):
            worker = MoodyWorker()  # type: ignore[abstract]  # it has no adapters
            add = lambda server, worker=worker: worker_pb2_grpc.add_WorkerServiceServicer_to_server(worker, server)  # noqa: E731
            server = await stack.enter_async_context(serving("worker", add))
            workers[f"127.0.0.1:{server.port}"] = worker
        neighbours.addresses["worker"] = ", ".join(workers)
        product = await stack.enter_async_context(running_product(schema, valkey, neighbours))
        yield Pair(product, workers)


async def status(product: Product) -> models_pb2.GetModelStatusResponse:
    return await product.models.GetModelStatus(models_pb2.GetModelStatusRequest(), metadata=product.owner)


async def test_a_conversation_is_always_drafted_by_its_own_worker(pair):
    said, own, other = pair.say("Dinner?")

    for _ in range(3):
        await pair.product.stream(message_id=said.newest, skip_cache=True)

    assert len(own.requests) == 3
    assert other.requests == []


async def test_a_conversation_is_read_ahead_by_the_worker_that_will_draft_in_it(pair):
    said, own, other = pair.say("Dinner?")

    await pair.product.note(said.arrival())
    await eventually(lambda: bool(own.read_ahead))

    assert other.read_ahead == []


@pytest.mark.parametrize(
    "steps",
    [
        [Unavailable("the model was stopped")],
        [queued(), reading(), Unavailable("the model was stopped")],
        [queued(), reading(), writing(), Unavailable("the model was stopped")],
        [Overloaded("the queue is full", retry_after=3)],
    ],
)
async def test_what_ends_before_its_first_word_is_drafted_by_the_other_and_stored_once(pair, steps):
    said, own, other = pair.say("Dinner?")
    own.steps = steps

    events = await pair.product.stream(message_id=said.newest)

    states = [event.state.state for event in events if event.HasField("state")]
    assert states.count(3) == 1
    assert states[-1] == 3
    assert events[-1].done.response == "Yes, sure."
    assert len(own.requests) == len(other.requests) == 1
    assert [draft.response for draft in await pair.product.list(said.conversation_id)] == ["Yes, sure."]


async def test_what_ends_after_its_first_word_is_told_and_never_begun_anew(pair):
    said, own, other = pair.say("Dinner?")
    own.steps = [queued(), writing(), token("Yes"), Unavailable("the model was stopped")]

    request = responses_pb2.StreamResponseRequest(message_id=said.newest)
    events, failure = await broken(pair.product.responses.StreamResponse(request, metadata=pair.product.owner))

    assert [event.token.text for event in events if event.HasField("token")] == ["Yes"]
    assert failure.code is grpc.StatusCode.UNAVAILABLE
    assert other.requests == []
    (draft,) = await pair.product.list(said.conversation_id)
    assert (draft.status, draft.response) == (responses_pb2.RESPONSE_STATUS_FAILED, "Yes")


async def test_when_all_are_full_the_soonest_is_told(pair):
    said, own, other = pair.say("Dinner?")
    own.steps, other.steps = [Overloaded("full", retry_after=9)], [Overloaded("full", retry_after=2)]

    failure = await refused(pair.product.stream(message_id=said.newest))

    assert (failure.code, failure.retry_seconds) == (grpc.StatusCode.RESOURCE_EXHAUSTED, 2)
    assert await pair.product.list(said.conversation_id) == []


async def test_one_that_is_full_says_more_than_one_that_is_away(pair):
    said, own, other = pair.say("Dinner?")
    own.steps, other.steps = [Overloaded("full", retry_after=9)], [Unavailable("gone")]

    failure = await refused(pair.product.stream(message_id=said.newest))

    assert (failure.code, failure.retry_seconds) == (grpc.StatusCode.RESOURCE_EXHAUSTED, 9)


async def test_when_none_lives_it_is_unavailable(pair):
    said, own, other = pair.say("Dinner?")
    own.steps = other.steps = [Unavailable("gone")]

    failure = await refused(pair.product.stream(message_id=said.newest))

    assert failure.code is grpc.StatusCode.UNAVAILABLE
    assert len(own.requests) == len(other.requests) == 1


async def test_what_is_wrong_with_the_request_is_asked_of_nobody_else(pair):
    said, own, other = pair.say("Dinner?")
    own.steps = [InvalidInput("sampling.grammar", "is none")]

    failure = await refused(pair.product.stream(message_id=said.newest))

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert other.requests == []


async def test_a_deadline_is_for_all_attempts_together(pair):
    said, own, other = pair.say("Dinner?")
    never = asyncio.Event()
    own.steps = other.steps = [queued(), never]
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    call = pair.product.responses.StreamResponse(request, metadata=pair.product.owner, timeout=1)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert other.requests == []


async def test_the_second_worker_has_only_the_time_that_the_first_one_left(pair):
    said, own, other = pair.say("Dinner?")
    own.steps = [queued(), Unavailable("the model was stopped")]
    own.holds_until_left = 2.0
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    await events_of(pair.product.responses.StreamResponse(request, metadata=pair.product.owner, timeout=4))

    assert own.time_left[0] > 3.0
    assert other.time_left[0] < 2.5


async def test_hanging_up_stops_the_worker_that_took_over(pair):
    said, own, other = pair.say("Dinner?")
    own.steps = [Unavailable("the model was stopped")]
    other.steps = [queued(), token("Yes"), asyncio.Event()]
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)
    call = pair.product.responses.StreamResponse(request, metadata=pair.product.owner)
    async with asyncio.timeout(30):
        while not (await call.read()).HasField("token"):
            pass

    call.cancel()

    await asyncio.wait_for(other.stopped.wait(), 10)


async def test_a_conversation_goes_elsewhere_while_its_worker_has_much_to_do(pair):
    said, own, other = pair.say("Dinner?")
    own.status.max_sequences, own.status.queue_limit = 2, 8
    other.status.max_sequences, other.status.queue_limit = 2, 8
    own.status.running, own.status.queued = 2, 3

    await pair.product.stream(message_id=said.newest)

    assert own.requests == []
    assert len(other.requests) == 1


async def test_drafts_are_made_with_the_model_they_were_planned_for(pair):
    said, own, other = pair.say("Dinner?")
    # Of two models that as many workers have, the first by its hash is served.
    own.status.model_sha256, other.status.model_sha256 = "ff" * 32, "aa" * 32

    finished = (await pair.product.stream(message_id=said.newest))[-1].done

    assert finished.model_version == f"scripted-1b@{'aa' * 6}"
    assert own.requests == []


async def test_the_status_is_of_both(pair):
    one, another = pair.workers.values()
    one.status.running, one.status.queued, another.status.running = 2, 5, 1

    answer = await status(pair.product)

    assert (answer.state, answer.running, answer.queued) == (sampling_pb2.MODEL_STATE_READY, 3, 5)
    assert answer.message == ""


async def test_workers_are_counted_also_when_who_asks_does_not_wait_for_them(pair):
    await status(pair.product)
    workers = pair.workers.values()
    for worker in workers:
        worker.asked = 0
        worker.may_answer.clear()
    call = pair.product.models.GetModelStatus(models_pb2.GetModelStatusRequest(), metadata=pair.product.owner)
    await eventually(lambda: all(worker.asked for worker in workers))

    call.cancel()
    rpc = {"rpc": "/assistant.inference.v1.ModelsService/GetModelStatus"}
    await eventually(lambda: REGISTRY.get_sample_value("assistant_rpc_in_flight", rpc) == 0)

    assert REGISTRY.get_sample_value("assistant_inference_workers") == 2
    for worker in workers:
        worker.may_answer.set()


async def test_while_one_has_no_model_the_status_says_so_and_the_other_drafts(pair):
    said, own, other = pair.say("Dinner?")
    own.status.state, own.status.message = sampling_pb2.MODEL_STATE_FAILED, "the file is cut off"

    answer = await status(pair.product)
    await pair.product.stream(message_id=said.newest)

    assert (answer.state, answer.message) == (
        sampling_pb2.MODEL_STATE_READY,
        "1 of 2 workers can work: the file is cut off",
    )
    assert own.requests == []
    assert len(other.requests) == 1


async def test_one_that_says_nothing_keeps_nobody_waiting(pair):
    said, own, _ = pair.say("Dinner?")
    own.may_answer.clear()

    finished = (await pair.product.stream(message_id=said.newest))[-1].done

    assert finished.response == "Yes, sure."
    assert own.requests == []
    own.may_answer.set()
    await eventually_answers(lambda: drafted_by(pair, said, own))


async def test_of_two_that_take_their_time_the_first_to_answer_is_enough(pair, monkeypatch):
    monkeypatch.setattr(worker_pool, "PATIENCE_S", 0.0)
    said, own, other = pair.say("Dinner?")
    for worker in (own, other):
        worker.may_answer.clear()
    # Less than the other is given for its answer.
    call = pair.product.responses.StreamResponse(
        responses_pb2.StreamResponseRequest(message_id=said.newest), metadata=pair.product.owner, timeout=4
    )
    draft = asyncio.create_task(events_of(call))
    await eventually(lambda: bool(own.asked and other.asked))

    other.may_answer.set()

    assert (await draft)[-1].done.response == "Yes, sure."
    own.may_answer.set()


@pytest.mark.parametrize(("seconds", "is_present"), [(PATIENCE_S / 2, True), (PATIENCE_S, False)])
async def test_one_is_away_only_for_who_gave_it_time_to_answer(pair, seconds, is_present):
    address, worker = next(iter(pair.workers.items()))
    known = KnownWorker(address, InternalCaller("test", INTERNAL_KEY), fixed=True)
    await known.status(5)
    worker.may_answer.clear()

    with pytest.raises(DeadlineExceeded):
        await known.status(seconds)

    assert known.answers is is_present
    worker.may_answer.set()
    await known.close()


async def events_of(call: Any) -> list[responses_pb2.StreamResponseResponse]:
    return [event async for event in call]


async def drafted_by(pair: Pair, said: Said, worker: MoodyWorker) -> bool:
    await pair.product.stream(message_id=said.newest, skip_cache=True)
    return bool(worker.requests)


async def test_one_with_another_key_is_asked_for_nothing(schema, valkey, pair):
    gate = Gate(TokenVerifier(KeyRing(no_keys), "another key that has more than 32 characters"), Neverland())
    stranger = MoodyWorker()  # type: ignore[abstract]  # it has no adapters
    add = lambda server: worker_pb2_grpc.add_WorkerServiceServicer_to_server(stranger, server)  # noqa: E731
    neighbours = pair.product.neighbours
    address, worker = next(iter(pair.workers.items()))
    async with running(Service(name="worker", listen="127.0.0.1:0", gate=gate, add=add, serves=[])) as server:
        neighbours.addresses["worker"] = f"{address}, 127.0.0.1:{server.port}"
        async with running_product(schema, valkey, neighbours) as product:
            worker.steps = [Overloaded("full", retry_after=9)]

            failure = await refused(product.stream(message_id=product.say("Dinner?").newest))

    assert (failure.code, failure.retry_seconds) == (grpc.StatusCode.RESOURCE_EXHAUSTED, 9)


async def test_one_of_several_addresses_where_nobody_is_does_not_matter(schema, valkey, pair):
    neighbours = pair.product.neighbours
    neighbours.addresses["worker"] = f"{NOBODY}, {next(iter(pair.workers))}"
    async with running_product(schema, valkey, neighbours) as product:
        drafts = [await product.stream(message_id=product.say(f"Dinner {n}?").newest) for n in range(8)]

    assert all(events[-1].done.response == "Yes, sure." for events in drafts)
