"""NoteArrivals: drafts that are made by themselves."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from assistant.inference.v1 import responses_pb2 as pb

from inference_svc.jobs.runner import JobIntervals
from inference_svc.wiring import Intervals
from svc_kit.errors import Unavailable
from svc_kit.ids import new_id
from svc_kit.redis_client import redis_from_url
from tests.contract.inference_svc.arrivals import all_ended, job_states
from tests.contract.inference_svc.product import NOBODY, Neighbours, Product, running_neighbours, running_product
from tests.contract.inference_svc.scripted import Said, queued, reply
from tests.deadline import eventually, eventually_answers

BRISK = Intervals(delivery=0.05, jobs=JobIntervals(lease=5.0, look=0.05, pause=0.02, upkeep=0.2))


@pytest.fixture
async def neighbours() -> AsyncIterator[Neighbours]:
    async with running_neighbours() as neighbours:
        yield neighbours


@pytest.fixture
async def queue_url(valkey) -> AsyncIterator[str]:
    """A Redis database of this test's own."""
    url = f"{valkey}/8"
    yield url
    async with redis_from_url(url) as redis:
        await redis.flushdb()


@pytest.fixture
async def product(schema, queue_url, neighbours) -> AsyncIterator[Product]:
    async with running_product(schema, queue_url, neighbours, intervals=BRISK) as product:
        yield product


async def settled(product: Product) -> dict[str, str]:
    """The jobs when all have ended."""
    await eventually_answers(lambda: all_ended(product))
    return await job_states(product)


async def busy(product: Product) -> tuple[Said, asyncio.Event]:
    """Let the only place for jobs be taken until the event; the conversation that takes it."""
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *reply("Yes,", " sure.")[1:]]
    said = product.say("Something else")
    await product.enqueue(message_id=said.newest)
    await eventually(lambda: bool(product.worker.requests))
    return said, gate


async def test_a_message_from_others_is_drafted_for(product):
    said = product.say("Hi", "Coming?")

    await product.note(said.arrival(auto_draft=True))

    assert await settled(product) == {said.newest: "completed"}
    (draft,) = await product.list(said.conversation_id)
    assert (draft.status, draft.response, draft.message_id) == (
        pb.RESPONSE_STATUS_COMPLETED,
        "Yes, sure.",
        said.newest,
    )
    assert product.worker.prompt == "Them: Hi\nThem: Coming?\nMe:"
    assert product.worker.read_ahead == []


async def test_it_is_announced(product):
    said = product.say("Coming?")

    await product.note(said.arrival(auto_draft=True))

    await eventually(lambda: bool(product.sync.announced))
    (draft,) = await product.list(said.conversation_id)
    told = [(each.conversation_id, each.response_id) for each in product.sync.announced]
    assert told == [(said.conversation_id, draft.response_id)]


async def test_where_the_owner_does_not_want_it_none_is_made(product):
    said = product.say("Coming?")

    await product.note(said.arrival())

    assert await job_states(product) == {}


async def test_the_owners_own_message_is_not_drafted_for(product):
    said = product.say("Coming?", "Me: Yes")

    await product.note(said.arrival(auto_draft=True))

    assert await job_states(product) == {}


async def test_the_same_arrival_again_and_at_once_makes_one_draft(product):
    said = product.say("Coming?")

    await asyncio.gather(*[product.note(said.arrival(auto_draft=True)) for _ in range(4)])
    await settled(product)
    await product.note(said.arrival(auto_draft=True))

    assert await settled(product) == {said.newest: "completed"}
    assert len(await product.list(said.conversation_id)) == 1


async def test_each_conversation_of_a_call_gets_its_draft(product):
    conversations = [product.say(f"Coming to {place}?") for place in ("Rome", "Oslo", "Bern")]

    await product.note(*[said.arrival(auto_draft=True) for said in conversations])

    assert await settled(product) == {said.newest: "completed" for said in conversations}


async def test_a_newer_message_cancels_the_draft_that_waits(schema, queue_url, neighbours):
    async with running_product(schema, queue_url, neighbours, intervals=BRISK, jobs_at_once=1) as product:
        other, gate = await busy(product)
        said = product.say("Coming?")
        older = said.newest
        await product.note(said.arrival(auto_draft=True))

        said.add("Hello?")
        await product.note(said.arrival(auto_draft=True))
        before = await job_states(product)
        gate.set()
        after = await settled(product)

    assert before == {other.newest: "running", older: "cancelled", said.newest: "queued"}
    assert after == {other.newest: "completed", older: "cancelled", said.newest: "completed"}


async def test_an_older_arrival_that_comes_late_cancels_nothing(schema, queue_url, neighbours):
    async with running_product(schema, queue_url, neighbours, intervals=BRISK, jobs_at_once=1) as product:
        other, gate = await busy(product)
        said = product.say("Coming?")
        late = said.arrival(auto_draft=True)
        said.add("Hello?")
        await product.note(said.arrival(auto_draft=True))

        await product.note(late)
        gate.set()
        after = await settled(product)

    assert after == {other.newest: "completed", late.message_id: "cancelled", said.newest: "completed"}


async def test_what_the_owner_asked_for_is_not_cancelled_by_an_arrival(schema, queue_url, neighbours):
    async with running_product(schema, queue_url, neighbours, intervals=BRISK, jobs_at_once=1) as product:
        _, gate = await busy(product)
        said = product.say("Coming?")
        job = await product.enqueue(message_id=said.newest)

        said.add("Hello?")
        await product.note(said.arrival())
        gate.set()

        assert (await product.ended(job.job_id)).state == pb.JOB_STATE_COMPLETED


async def test_the_owners_answer_cancels_the_draft_that_waits(schema, queue_url, neighbours):
    async with running_product(schema, queue_url, neighbours, intervals=BRISK, jobs_at_once=1) as product:
        other, gate = await busy(product)
        said = product.say("Coming?")
        asked = said.newest
        await product.note(said.arrival(auto_draft=True))

        said.add("Me: Yes")
        await product.note(said.arrival())
        before = await job_states(product)
        gate.set()
        await settled(product)

    assert before == {other.newest: "running", asked: "cancelled"}


@pytest.mark.parametrize("text", ["Me: Yes", "Never mind."])
async def test_what_moved_on_before_its_turn_is_cancelled_although_nobody_told(schema, queue_url, neighbours, text):
    async with running_product(schema, queue_url, neighbours, intervals=BRISK, jobs_at_once=1) as product:
        other, gate = await busy(product)
        said = product.say("Coming?")
        asked = said.newest
        await product.note(said.arrival(auto_draft=True))

        said.add(text)
        gate.set()
        after = await settled(product)
        drafts = await product.list(said.conversation_id)

    assert after == {other.newest: "completed", asked: "cancelled"}
    assert drafts == []


async def test_a_draft_that_is_being_made_when_the_conversation_moves_on_is_superseded(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *reply("Yes")[1:]]
    said = product.say("Coming?")
    await product.note(said.arrival(auto_draft=True))
    await eventually(lambda: bool(product.worker.requests))

    said.add("Me: Yes")
    await product.note(said.arrival())
    gate.set()
    await settled(product)

    assert [draft.status for draft in await product.list(said.conversation_id)] == [pb.RESPONSE_STATUS_SUPERSEDED]
    assert product.sync.announced == []


async def test_when_too_many_wait_no_draft_is_made_and_nothing_is_wrong(schema, queue_url, neighbours, capfd):
    limits = {"jobs_at_once": 1, "max_waiting_jobs": 1}
    async with running_product(schema, queue_url, neighbours, intervals=BRISK, **limits) as product:
        other, gate = await busy(product)
        first, second = product.say("Coming?"), product.say("Hungry?")

        await product.note(first.arrival(auto_draft=True), second.arrival(auto_draft=True))
        # Instead of a draft the conversation is read ahead.
        await eventually(lambda: [each.cache_key for each in product.worker.read_ahead] == [second.conversation_id])
        gate.set()
        after = await settled(product)

    assert after == {other.newest: "completed", first.newest: "completed"}
    assert "too many wait" in "".join(capfd.readouterr())


async def test_neither_the_model_nor_the_messages_need_to_be_there(schema, queue_url, neighbours):
    addresses = dict(neighbours.addresses)
    neighbours.addresses.update(worker=NOBODY, sync=NOBODY)
    async with running_product(schema, queue_url, neighbours, intervals=BRISK) as product:
        said = product.say("Coming?")
        await product.note(said.arrival(auto_draft=True))
        account_id = product.account_id
    neighbours.addresses.update(addresses)

    async with running_product(schema, queue_url, neighbours, intervals=BRISK) as product:
        product.account_id = account_id

        assert await settled(product) == {said.newest: "completed"}


async def test_a_model_that_refuses_is_asked_again_while_nothing_newer_comes(product):
    product.worker.steps = [Unavailable("the model broke")]
    said = product.say("Coming?")
    asked = said.newest
    await product.note(said.arrival(auto_draft=True))
    await eventually(lambda: len(product.worker.requests) > 2)

    said.add("Me: Yes")

    assert await settled(product) == {asked: "cancelled"}


async def test_a_message_of_another_account_is_never_read(product):
    said = product.say("Coming?")
    theirs = replace(product, account_id=new_id())

    await theirs.note(said.arrival(auto_draft=True))
    theirs_after = await settled(theirs)

    assert theirs_after == {said.newest: "failed"}
    assert await job_states(product) == {}
    assert product.worker.requests == []
    assert await theirs.list(said.conversation_id) == []
