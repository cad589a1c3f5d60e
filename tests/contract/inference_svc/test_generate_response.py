"""GenerateResponse: the whole draft in one answer, and repeating a request."""

import asyncio

import grpc
from assistant.inference.v1 import responses_pb2, sampling_pb2

from svc_kit.errors import Unavailable
from svc_kit.ids import new_id
from tests.contract.inference_svc.refusal import refused
from tests.contract.inference_svc.scripted import done, queued, reply, token
from tests.deadline import eventually


async def test_the_answer_holds_the_draft(product):
    said = product.say("Coming?")

    answer = await product.generate(message_id=said.newest)

    assert answer.response == "Yes, sure."
    assert 0 < answer.confidence <= 1
    assert answer.finish_reason == sampling_pb2.FINISH_REASON_STOP
    assert not answer.cached
    assert [each.response_id for each in answer.suggestions] == [answer.response_id]


async def test_all_suggestions_are_in_the_answer_the_first_one_first(product):
    product.worker.steps = [queued(), token("Two", 1), token("One", 0), done(1, last=False), done(0)]
    said = product.say("Pick a number")

    answer = await product.generate(message_id=said.newest, suggestions=2)

    assert answer.response == "One"
    assert [each.response for each in answer.suggestions] == ["One", "Two"]


async def test_a_failure_is_a_status(product):
    product.worker.steps = [queued(), token("Ye"), Unavailable("the model broke")]
    said = product.say("Coming?")

    refusal = await refused(product.generate(message_id=said.newest))

    assert refusal.code is grpc.StatusCode.UNAVAILABLE


async def test_hanging_up_stops_the_model(product):
    product.worker.steps = [queued(), asyncio.Event()]
    said = product.say("Coming?")
    request = responses_pb2.GenerateResponseRequest(message_id=said.newest)
    call = product.responses.GenerateResponse(request, metadata=product.owner)
    await eventually(lambda: bool(product.worker.requests))

    call.cancel()

    await asyncio.wait_for(product.worker.stopped.wait(), timeout=5)


async def test_the_same_request_again_gives_the_same_draft(product):
    said = product.say("Coming?")
    request_id = str(new_id())

    first = await product.generate(message_id=said.newest, request_id=request_id, skip_cache=True)
    again = await product.generate(message_id=said.newest, request_id=request_id, skip_cache=True)

    assert again.response_id == first.response_id
    assert again.response == first.response
    assert len(product.worker.requests) == 1


async def test_the_same_request_twice_at_once_makes_one_draft(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *reply("Yes")[1:]]
    said = product.say("Coming?")
    fields = {"message_id": said.newest, "request_id": str(new_id()), "skip_cache": True}

    both = asyncio.gather(product.generate(**fields), product.generate(**fields))
    await eventually(lambda: bool(product.worker.requests))
    gate.set()
    first, second = await both

    assert first.response_id == second.response_id
    assert len(await product.list(said.conversation_id)) == 1


async def test_the_same_request_after_a_failure_drafts_anew(product):
    product.worker.steps = [queued(), Unavailable("the model broke")]
    said = product.say("Coming?")
    fields = {"message_id": said.newest, "request_id": str(new_id())}
    await refused(product.generate(**fields))

    product.worker.steps = reply("Yes")
    answer = await product.generate(**fields)

    assert answer.response == "Yes"


async def test_a_request_id_cannot_be_used_for_another_request(product):
    said = product.say("Coming?")
    request_id = str(new_id())
    await product.generate(message_id=said.newest, request_id=request_id)

    refusal = await refused(product.generate(message_id=said.newest, request_id=request_id, suggestions=2))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.fields == ["request_id"]
