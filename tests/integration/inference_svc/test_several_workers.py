"""Two real workers that register in a real Valkey, and are stopped and killed while they draft."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import httpx
import pytest
from assistant.inference.v1 import models_pb2, responses_pb2, sampling_pb2
from prometheus_client import REGISTRY

from inference_svc.wiring import Intervals
from inference_svc.workers.worker_choice import WorkerState, choose
from svc_kit.model_state import ModelState
from tests.contract.inference_svc.product import Product, running_neighbours, running_product
from tests.contract.inference_svc.refusal import broken
from tests.contract.inference_svc.scripted import Said
from tests.deadline import eventually_answers
from tests.integration.inference_svc.worker_process import (
    WorkerProcess,
    empty,
    entry,
    known_ids,
    lives_for,
    slow_model,
    worker_process,
)

# What random weights say may be no text and may be nothing at all; a grammar makes words of it, of a known length.
SHORT = sampling_pb2.SamplingOptions(max_tokens=16, grammar="root ::= [a-z]{8}")
LONG = sampling_pb2.SamplingOptions(max_tokens=1500, grammar="root ::= [a-z]{1500}")


class Stream:
    """A draft that is read on and on."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._events = aiter(call)

    def __aiter__(self) -> AsyncIterator[responses_pb2.StreamResponseResponse]:
        return self._events

    async def first(self, kind: str) -> responses_pb2.StreamResponseResponse:
        """The next event of a kind; what comes later is for who reads on."""
        async for event in self._events:
            if event.HasField(kind):
                return event
        raise AssertionError(f"the stream ended without {kind}")

    def cancel(self) -> None:
        self._call.cancel()


@dataclass
class Several:
    """inference_svc, and workers that it knows by their entries alone."""

    product: Product
    workers: dict[str, WorkerProcess]
    redis_url: str

    def say(self, *texts: str) -> tuple[Said, WorkerProcess, WorkerProcess]:
        """A conversation, its own worker, and the next one."""
        said = self.product.say(*texts)
        states = [WorkerState(address) for address in self.workers]
        order = choose(states, self.product.account_id, UUID(said.conversation_id), "").order
        return said, self.workers[order[0]], self.workers[order[1]]

    def stream(self, said: Said, sampling: sampling_pb2.SamplingOptions) -> "Stream":
        request = responses_pb2.StreamResponseRequest(message_id=said.newest, sampling=sampling, skip_cache=True)
        return Stream(self.product.responses.StreamResponse(request, metadata=self.product.owner, timeout=120))

    async def says(self, worker: WorkerProcess, **fields: object) -> bool:
        """Whether a worker's entry has these fields."""
        told = await entry(self.redis_url, worker.address)
        return told is not None and all(getattr(told, name) == value for name, value in fields.items())

    async def is_forgotten(self, worker: WorkerProcess) -> bool:
        return worker.address not in await known_ids(self.redis_url)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return slow_model(tmp_path_factory.mktemp("models"))


@pytest.fixture
async def queue_url(valkey: str) -> AsyncIterator[str]:
    """A Redis database of this test's own."""
    url = f"{valkey}/9"
    yield url
    await empty(url)


@pytest.fixture
async def several(schema, queue_url, model, request) -> AsyncIterator[Several]:
    settings = getattr(request, "param", {})
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(worker_process(model, queue_url, **settings)) for _ in range(2)]
        neighbours = await stack.enter_async_context(running_neighbours())
        # Nobody is named: they are found.
        neighbours.addresses["worker"] = ""
        intervals = Intervals(workers=0.1)
        product = await stack.enter_async_context(running_product(schema, queue_url, neighbours, intervals=intervals))
        several = Several(product, {worker.address: worker for worker in started}, queue_url)
        await eventually_answers(lambda: both_work(several), 60)
        yield several


async def both_work(several: Several) -> bool:
    await several.product.models.GetModelStatus(models_pb2.GetModelStatusRequest(), metadata=several.product.owner)
    return REGISTRY.get_sample_value("assistant_inference_workers") == 2


def counted(what: str) -> float:
    """How often something happened to drafts of this process."""
    return REGISTRY.get_sample_value(f"assistant_inference_worker_{what}_total") or 0


async def test_workers_say_that_they_are_there_and_how_they_are(several):
    for worker in several.workers.values():
        await eventually_answers(partial(several.says, worker, state=ModelState.READY, draining=False))
        assert await several.says(worker, sequences=8, queue_limit=512)


async def test_an_entry_is_renewed_and_comes_back_when_redis_was_emptied(several):
    said, own, _ = several.say("Dinner?")
    before = await lives_for(several.redis_url, own.address)

    async def is_renewed() -> bool:
        nonlocal before
        last, before = before, await lives_for(several.redis_url, own.address)
        return before > last

    await eventually_answers(is_renewed)
    await empty(several.redis_url)

    events = [event async for event in several.stream(said, SHORT)]
    await eventually_answers(lambda: several.says(own, state=ModelState.READY))

    assert len(events[-1].done.response) == 8


async def test_one_that_is_stopped_ends_what_it_writes_and_gets_nothing_new(several):
    said, own, other = several.say("Dinner?")
    stream = several.stream(said, sampling_pb2.SamplingOptions(max_tokens=400, grammar="root ::= [a-z]{400}"))
    await stream.first("token")

    own.send(signal.SIGTERM)
    await eventually_answers(lambda: several.says(own, draining=True))
    before = await other.counted("tokens_written_total")
    meanwhile = [event async for event in several.stream(said, SHORT)]
    rest = [event async for event in stream]

    assert len(meanwhile[-1].done.response) == 8
    assert await other.counted("tokens_written_total") > before
    assert len(rest[-1].done.response) == 400
    assert await own.process.wait() == 0
    assert await several.is_forgotten(own)


async def test_one_that_dies_before_the_first_word_is_made_good_by_the_other_and_stored_once(several):
    said, own, _ = several.say(*["and then we went on to the river " * 9 for _ in range(10)])
    retried = counted("retries")
    stream = several.stream(said, SHORT)
    while (await stream.first("state")).state.state != responses_pb2.ResponseProgress.STATE_READING:
        pass

    own.send(signal.SIGKILL)
    rest = [event async for event in stream]

    assert counted("retries") == retried + 1
    finished = rest[-1].done
    drafts = await several.product.list(said.conversation_id)
    assert [draft.response for draft in drafts] == [finished.response]
    assert drafts[0].status == responses_pb2.RESPONSE_STATUS_COMPLETED


async def test_one_that_dies_after_the_first_word_is_told_and_the_next_draft_goes_elsewhere(several):
    said, own, _ = several.say("Dinner?")
    stream = several.stream(said, LONG)
    await stream.first("token")

    own.send(signal.SIGKILL)
    events, failure = await broken(stream)
    (draft,) = await several.product.list(said.conversation_id)
    again = [event async for event in several.stream(said, SHORT)]

    assert failure.code is grpc.StatusCode.UNAVAILABLE
    assert not [event for event in events if event.HasField("done")]
    assert draft.status == responses_pb2.RESPONSE_STATUS_FAILED
    assert 0 < len(draft.response) < 1500
    assert len(again[-1].done.response) == 8


async def test_one_that_is_started_again_drafts_for_its_conversations_again(several, model):
    said, own, _ = several.say("Dinner?")
    own.send(signal.SIGKILL)
    await own.process.wait()

    async with worker_process(model, several.redis_url, own.address) as reborn:

        async def has_drafted() -> bool:
            [_ async for _ in several.stream(said, SHORT)]
            return await is_listening(reborn) and await reborn.counted("tokens_written_total") > 0

        await eventually_answers(has_drafted, 60)


async def is_listening(worker: WorkerProcess) -> bool:
    try:
        await worker.counted("steps_total")
    except httpx.HTTPError:
        return False
    return True


async def test_the_second_draft_of_a_conversation_goes_on_behind_what_was_read(several):
    said, own, other = several.say(*["and then we went on to the river" for _ in range(8)])
    [_ async for _ in several.stream(said, SHORT)]
    said.add("And you?")

    [_ async for _ in several.stream(said, SHORT)]

    assert await own.counted("prompt_tokens_reused_total") > 200
    assert await other.counted("prompt_tokens_read_total") == 0


@pytest.mark.parametrize("several", [{"ML_SERVICE_SEQUENCES": "1", "ML_SERVICE_QUEUE_LIMIT": "1"}], indirect=True)
async def test_what_one_worker_has_no_room_for_is_drafted_by_the_other(several):
    said, own, other = several.say("Dinner?")
    overflowed = counted("overflows")
    streams = []
    for until in ("token", "token", "started", "started"):
        streams.append(several.stream(said, LONG))
        await streams[-1].first(until)
    running = [await worker.counted("running") for worker in (own, other)]

    _, failure = await broken(several.stream(said, LONG))

    assert running == [1, 1]
    assert counted("overflows") > overflowed
    assert failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert failure.retry_seconds >= 1
    for stream in streams:
        stream.cancel()
