"""The same draft, asked for by several at once."""

import asyncio
from typing import Any

import grpc
import pytest
from assistant.inference.v1 import responses_pb2, sampling_pb2

from svc_kit.errors import Overloaded, Unavailable
from tests.contract.inference_svc.product import Product
from tests.contract.inference_svc.refusal import broken, refused
from tests.contract.inference_svc.scripted import Said, done, queued, reading, reply, token, writing
from tests.deadline import eventually_answers


def open_stream(product: Product, said: Said, timeout: float | None = None) -> Any:
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)
    return product.responses.StreamResponse(request, metadata=product.owner, timeout=timeout)


async def first_of(call: Any, kind: str) -> Any:
    """The first event of a kind; what comes before it is read."""
    async for event in call:
        if event.HasField(kind):
            return getattr(event, kind)
    raise AssertionError(f"no {kind} came")


async def rest_of(call: Any) -> tuple[str, responses_pb2.ResponseDone]:
    """The text that is still to come, and the end."""
    events = [event async for event in call]
    return "".join(event.token.text for event in events), events[-1].done


async def test_eight_at_once_are_one_generation_and_eight_drafts(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), token("Yes,"), gate, token(" sure."), done()]
    said = product.say("Coming?")
    calls = [open_stream(product, said) for _ in range(8)]
    for call in calls:
        await first_of(call, "token")

    gate.set()
    endings = [await rest_of(call) for call in calls]

    assert len(product.worker.requests) == 1
    assert {(text, finished.response) for text, finished in endings} == {(" sure.", "Yes, sure.")}
    kept = {each.response_id: each.status for each in await product.list(said.conversation_id)}
    assert kept == {finished.response_id: responses_pb2.RESPONSE_STATUS_COMPLETED for _, finished in endings}
    assert len(kept) == 8


async def test_who_comes_later_hears_the_beginning_and_then_the_rest(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(3), queued(2), reading(), writing(), token("Yes,"), gate, token(" sure."), done()]
    said = product.say("Coming?")
    first = open_stream(product, said)
    await first_of(first, "token")

    second = aiter(open_stream(product, said))
    beginning = [await anext(second) for _ in range(3)]
    gate.set()
    ends = [await rest_of(second), await rest_of(first)]

    assert [str(event.WhichOneof("event")) for event in beginning] == ["started", "state", "token"]
    assert not beginning[0].started.cached
    assert beginning[1].state.state == responses_pb2.ResponseProgress.STATE_WRITING
    assert beginning[2].token.text == "Yes,"
    assert [finished.response for _, finished in ends] == ["Yes, sure.", "Yes, sure."]


async def test_answers_and_jobs_share_it_too(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), token("Yes,"), gate, token(" sure."), done()]
    said = product.say("Coming?")
    stream = open_stream(product, said)
    await first_of(stream, "token")
    answer = asyncio.create_task(product.generate(message_id=said.newest))
    job = await product.enqueue(message_id=said.newest)

    async def all_are_begun() -> bool:
        return len(await product.list(said.conversation_id)) == 3

    await eventually_answers(all_are_begun)
    gate.set()

    assert (await answer).response == "Yes, sure."
    assert (await product.ended(job.job_id)).response.response == "Yes, sure."
    assert (await rest_of(stream))[1].response == "Yes, sure."
    assert len(product.worker.requests) == 1


async def test_others_hear_all_when_the_first_one_hangs_up(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), token("Yes,"), gate, token(" sure."), done()]
    said = product.say("Coming?")
    leader = open_stream(product, said)
    started = await first_of(leader, "started")
    await first_of(leader, "token")
    followers = [open_stream(product, said) for _ in range(3)]
    for call in followers:
        await first_of(call, "token")

    leader.cancel()

    async def is_cancelled() -> bool:
        return (await product.get(started.response_id)).status == responses_pb2.RESPONSE_STATUS_CANCELLED

    await eventually_answers(is_cancelled)
    gate.set()
    endings = [await rest_of(call) for call in followers]
    assert [finished.response for _, finished in endings] == ["Yes, sure."] * 3
    assert len(product.worker.requests) == 1
    assert not product.worker.stopped.is_set()


async def test_the_model_stops_when_the_last_one_hangs_up(product):
    product.worker.steps = [queued(), token("Ye"), asyncio.Event()]
    said = product.say("Coming?")
    calls = [open_stream(product, said) for _ in range(3)]
    for call in calls:
        await first_of(call, "token")

    for call in calls:
        call.cancel()

    await asyncio.wait_for(product.worker.stopped.wait(), timeout=5)
    product.worker.steps = reply("No.")
    assert (await product.generate(message_id=said.newest)).response == "No."
    assert len(product.worker.requests) == 2


async def test_the_deadline_of_one_ends_only_that_one(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), token("Yes,"), gate, token(" sure."), done()]
    said = product.say("Coming?")
    patient = open_stream(product, said)
    await first_of(patient, "token")

    events, refusal = await broken(open_stream(product, said, timeout=1.0))
    gate.set()

    assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
    kept = await product.get(events[0].started.response_id)
    assert (kept.status, kept.response) == (responses_pb2.RESPONSE_STATUS_FAILED, "Yes,")
    assert kept.finish_reason == sampling_pb2.FINISH_REASON_DEADLINE
    assert (await rest_of(patient))[1].response == "Yes, sure."
    assert len(product.worker.requests) == 1


async def test_who_has_more_time_than_the_first_one_does_not_depend_on_it(product):
    product.worker.steps = [queued(), asyncio.Event()]
    said = product.say("Coming?")
    hasty = open_stream(product, said, timeout=1.0)
    await first_of(hasty, "started")
    product.worker.steps = reply("Yes.")

    answer = await product.generate(message_id=said.newest)
    _, refusal = await broken(hasty)

    assert answer.response == "Yes."
    assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    "ending",
    [
        [Unavailable("the model broke", reason="MODEL_BROKE")],
        [Overloaded("the queue is full", retry_after=3.0)],
        [done(finish_reason=sampling_pb2.FINISH_REASON_DEADLINE)],
        [],
    ],
)
async def test_who_was_shown_no_text_asks_again_when_the_first_one_fails(product, ending):
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *ending]
    said = product.say("Coming?")
    leader = open_stream(product, said)
    await first_of(leader, "started")
    followers = [open_stream(product, said) for _ in range(3)]
    for call in followers:
        await first_of(call, "started")
    product.worker.steps = reply("Yes,", " sure.")

    gate.set()
    endings = [await rest_of(call) for call in followers]

    assert [(text, finished.response) for text, finished in endings] == [("Yes, sure.", "Yes, sure.")] * 3
    await broken(leader)
    assert len(product.worker.requests) == 2


async def test_a_failure_in_the_middle_of_the_text_is_everybodys(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), token("Ye"), gate, Unavailable("the model broke", reason="MODEL_BROKE")]
    said = product.say("Coming?")
    calls = [open_stream(product, said) for _ in range(3)]
    for call in calls:
        await first_of(call, "token")

    gate.set()

    refusals = [(await broken(call))[1] for call in calls]
    assert {(each.code, each.reason) for each in refusals} == {(grpc.StatusCode.UNAVAILABLE, "MODEL_BROKE")}
    assert len(product.worker.requests) == 1


async def test_many_who_are_all_refused_are_all_told(product):
    product.worker.steps = [Overloaded("the queue is full", retry_after=7.0)]
    said = product.say("Coming?")

    refusals = await asyncio.gather(*[refused(product.generate(message_id=said.newest)) for _ in range(8)])

    assert {(each.code, each.retry_seconds) for each in refusals} == {(grpc.StatusCode.RESOURCE_EXHAUSTED, 7)}
    assert await product.list(said.conversation_id) == []


async def test_who_asks_for_a_new_draft_gets_one_of_their_own(product):
    product.worker.steps = [queued(), token("Ye"), asyncio.Event()]
    said = product.say("Coming?")
    call = open_stream(product, said)
    await first_of(call, "token")
    product.worker.steps = reply("No.")

    anew = await product.generate(message_id=said.newest, skip_cache=True)

    assert anew.response == "No."
    assert len(product.worker.requests) == 2
    call.cancel()


async def test_another_account_with_the_same_words_shares_nothing(product):
    product.worker.steps = [queued(), token("Ye"), asyncio.Event()]
    said = product.say("Coming?")
    call = open_stream(product, said)
    await first_of(call, "token")
    product.worker.steps = reply("No.")
    product.account_id = type(product.account_id)(int=product.account_id.int ^ 1)

    theirs = await product.generate(message_id=product.say("Coming?").newest)

    assert theirs.response == "No."
    call.cancel()
