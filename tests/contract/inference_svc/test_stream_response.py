"""StreamResponse: events, statuses, cancellation."""

import asyncio
import math
from dataclasses import replace

import grpc
import pytest
from assistant.inference.v1 import responses_pb2, sampling_pb2

from inference_svc.wiring import Intervals
from svc_kit.errors import FailedPrecondition, Overloaded, Unavailable
from svc_kit.ids import new_id
from tests.contract.inference_svc.product import NOBODY, running_product
from tests.contract.inference_svc.refusal import broken, refused
from tests.contract.inference_svc.scripted import done, queued, reading, reply, token, writing
from tests.deadline import eventually

CANARY = "zanzibar-canary-4711"


def kinds(events: list[responses_pb2.StreamResponseResponse]) -> list[str]:
    return [str(event.WhichOneof("event")) for event in events]


def text_of(events: list[responses_pb2.StreamResponseResponse], suggestion: int = 0) -> str:
    return "".join(event.token.text for event in events if event.token.suggestion == suggestion)


async def test_a_draft_is_started_then_its_states_then_its_tokens_then_done(product):
    said = product.say("Are you coming tonight?")

    events = await product.stream(message_id=said.newest)

    assert kinds(events) == ["started", "state", "state", "state", "token", "token", "done"]
    assert [event.state.state for event in events[1:4]] == [1, 2, 3]
    assert text_of(events) == "Yes, sure."
    assert events[-1].done.last
    assert events[0].started.message_id == said.newest


async def test_done_holds_the_stored_draft(product):
    said = product.say("Are you coming tonight?")

    finished = (await product.stream(message_id=said.newest))[-1].done

    assert finished.response == "Yes, sure."
    assert finished.confidence == pytest.approx(math.exp(-0.25))
    assert finished.finish_reason == sampling_pb2.FINISH_REASON_STOP
    assert finished.model_version.startswith("scripted-1b@")
    kept = await product.get(finished.response_id)
    assert (kept.response, kept.status) == ("Yes, sure.", responses_pb2.RESPONSE_STATUS_COMPLETED)
    assert kept.conversation_id == said.conversation_id


async def test_the_model_sees_the_transcript(product):
    said = product.say("Hi", "Me: Hello", "Dinner?")

    await product.stream(conversation_id=said.conversation_id)

    assert product.worker.prompt == "Them: Hi\nMe: Hello\nThem: Dinner?\nMe:"
    request = product.worker.requests[-1]
    assert list(request.stops) == ["\nThem:", "\nMe:", "\n\n"]
    assert request.cache_key == said.conversation_id
    assert request.account_id == str(product.account_id)
    assert request.sampling.max_tokens == 128


async def test_only_as_many_messages_as_asked_are_shown(product):
    said = product.say("one", "two", "three")

    await product.stream(message_id=said.newest, context=responses_pb2.ContextOptions(max_history=2))

    assert product.worker.prompt == "Them: two\nThem: three\nMe:"


async def test_a_long_conversation_is_cut_at_whole_messages(product):
    product.worker.status.context_size = 300
    said = product.say(*[f"message {number} " + "word " * 20 for number in range(10)])

    await product.stream(message_id=said.newest)

    lines = product.worker.prompt.splitlines()
    assert len(product.worker.prompt) // 4 <= 300 - 128
    assert lines[-2].startswith("Them: message 9 ")
    assert lines[0].startswith("Them: message ")
    assert 2 < len(lines) < 11


async def test_suggestions_come_from_one_call_and_each_is_stored(product):
    product.worker.steps = [
        queued(), writing(), token("One", 0), token("Two", 1), done(0, last=False), done(1),
    ]  # fmt: skip
    said = product.say("Pick a number")

    events = await product.stream(message_id=said.newest, suggestions=2)

    assert product.worker.requests[-1].suggestions == 2
    finished = [event.done for event in events if event.HasField("done")]
    assert [(each.suggestion, each.response, each.last) for each in finished] == [(0, "One", False), (1, "Two", True)]
    assert [each.response_id for each in finished] == list(events[0].started.response_ids)
    assert {each.suggestion for each in await product.list(said.conversation_id)} == {0, 1}


async def test_a_draft_is_kept_as_generating_from_its_first_event_on(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *reply("Yes")[1:]]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    call = product.responses.StreamResponse(request, metadata=product.owner)
    events = aiter(call)
    first = await anext(events)

    kept = await product.get(first.started.response_id)
    assert kept.status == responses_pb2.RESPONSE_STATUS_GENERATING
    gate.set()
    assert [event async for event in events][-1].done.last


async def test_hanging_up_stops_the_model_and_leaves_the_draft_cancelled(product):
    product.worker.steps = [queued(), token("Ye"), asyncio.Event()]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)
    call = product.responses.StreamResponse(request, metadata=product.owner)
    started = (await call.read()).started
    async with asyncio.timeout(30):
        while not (await call.read()).HasField("token"):
            pass

    call.cancel()

    await asyncio.wait_for(product.worker.stopped.wait(), timeout=5)
    statuses: list[int] = []
    async with asyncio.timeout(30):
        while statuses[-1:] != [responses_pb2.RESPONSE_STATUS_CANCELLED]:
            statuses.append((await product.get(started.response_id)).status)
    kept = await product.get(started.response_id)
    assert kept.finish_reason == sampling_pb2.FINISH_REASON_CANCELLED


async def test_hanging_up_before_the_first_event_stops_the_model_too(product):
    product.worker.steps = [asyncio.Event()]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)
    call = product.responses.StreamResponse(request, metadata=product.owner)
    await eventually(lambda: bool(product.worker.requests))

    call.cancel()

    await asyncio.wait_for(product.worker.stopped.wait(), timeout=5)
    assert await product.list(said.conversation_id) == []


async def test_a_failure_in_the_middle_is_an_error_event_and_then_the_status(product):
    product.worker.steps = [queued(), token("Ye"), Unavailable("the model broke", reason="MODEL_BROKE")]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    events, refusal = await broken(product.responses.StreamResponse(request, metadata=product.owner))

    assert refusal.code is grpc.StatusCode.UNAVAILABLE
    assert kinds(events)[-1] == "error"
    assert (events[-1].error.code, events[-1].error.reason) == (14, "MODEL_BROKE")
    kept = await product.get(events[0].started.response_id)
    assert kept.status == responses_pb2.RESPONSE_STATUS_FAILED


async def test_a_worker_that_stops_short_is_an_error(product):
    product.worker.steps = [queued(), token("Ye")]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    events, refusal = await broken(product.responses.StreamResponse(request, metadata=product.owner))

    assert kinds(events)[-1] == "error"
    assert refusal.code is grpc.StatusCode.UNAVAILABLE


async def test_a_full_queue_is_a_status_with_a_delay_and_leaves_nothing_behind(product):
    product.worker.steps = [Overloaded("the queue is full", retry_after=7.0)]
    said = product.say("Coming?")

    refusal = await refused(product.stream(message_id=said.newest))

    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal.retry_seconds == 7
    assert await product.list(said.conversation_id) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "message_id"),
        ({"message_id": "not a uuid"}, "message_id"),
        ({"message_id": str(new_id()), "suggestions": 5}, "suggestions"),
        ({"message_id": str(new_id()), "instruction": "x" * 501}, "instruction"),
        ({"message_id": str(new_id()), "instruction": "a\0b"}, "instruction"),
        (
            {"message_id": str(new_id()), "sampling": sampling_pb2.SamplingOptions(deterministic=True)},
            "sampling.deterministic",
        ),
        (
            {"message_id": str(new_id()), "context": responses_pb2.ContextOptions(max_history=201)},
            "context.max_history",
        ),
    ],
)
async def test_a_wrong_field_is_named(product, fields, field):
    refusal = await refused(product.stream(**fields))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.fields == [field]


async def test_max_tokens_must_leave_room_for_the_prompt(product):
    said = product.say("Coming?")

    refusal = await refused(
        product.stream(message_id=said.newest, sampling=sampling_pb2.SamplingOptions(max_tokens=1000))
    )

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "sampling.max_tokens" in refusal.message


async def test_a_message_longer_than_the_context_is_refused_without_quoting_it(product):
    said = product.say(f"{CANARY} " * 500)

    refusal = await refused(product.stream(message_id=said.newest))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "message_id" in refusal.message
    assert CANARY not in refusal.message


async def test_an_unknown_model_is_answered_with_the_known_ones(product):
    said = product.say("Coming?")

    refusal = await refused(product.stream(message_id=said.newest, model_id="gpt-9"))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "smollm2-135m-instruct" in refusal.message
    assert "ministral-3b-instruct" in refusal.message


async def test_a_known_model_that_is_not_loaded_is_a_failed_precondition(product):
    said = product.say("Coming?")

    refusal = await refused(product.stream(message_id=said.newest, model_id="phi-2"))

    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.reason == "MODEL_NOT_LOADED"


async def test_the_loaded_model_may_be_named(product):
    said = product.say("Coming?")

    events = await product.stream(message_id=said.newest, model_id="scripted-1b")

    assert events[-1].done.last


async def test_a_message_of_another_account_is_not_found(product):
    foreign = product.sync.say(new_id(), "A secret")

    refusal = await refused(product.stream(message_id=foreign.newest))

    assert refusal.code is grpc.StatusCode.NOT_FOUND


async def test_an_empty_conversation_is_a_failed_precondition(product):
    product.sync.failure = FailedPrecondition("EMPTY_CONVERSATION", "nothing has text here")

    refusal = await refused(product.stream(conversation_id=str(new_id())))

    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.reason == "EMPTY_CONVERSATION"


async def test_a_conversation_of_blanks_is_empty(product):
    said = product.say(" \n ")

    refusal = await refused(product.stream(conversation_id=said.conversation_id))

    assert refusal.reason == "EMPTY_CONVERSATION"


async def test_a_model_that_is_being_loaded_is_unavailable(product):
    product.worker.status.state = sampling_pb2.MODEL_STATE_LOADING
    product.worker.status.load_progress = 0.4
    said = product.say("Coming?")

    refusal = await refused(product.stream(message_id=said.newest))

    assert refusal.code is grpc.StatusCode.UNAVAILABLE
    assert refusal.reason == "MODEL_LOADING"
    assert "40 %" in refusal.message


@pytest.mark.parametrize("away", ["sync", "worker"])
async def test_a_neighbour_that_is_away_makes_drafts_unavailable(schema, valkey, product, away):
    said = product.say("Coming?")
    neighbours = replace(product.neighbours, addresses={**product.neighbours.addresses, away: NOBODY})

    async with running_product(schema, valkey, neighbours) as lonely:
        lonely.account_id = product.account_id
        refusal = await refused(lonely.stream(message_id=said.newest))

    assert refusal.code is grpc.StatusCode.UNAVAILABLE
    assert "127.0.0.1" not in refusal.message


async def test_the_clients_deadline_reaches_the_worker(product):
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    _ = [event async for event in product.responses.StreamResponse(request, metadata=product.owner, timeout=50)]

    assert 40 < product.worker.time_left[-1] <= 50


async def test_no_draft_takes_longer_than_the_cap(product):
    said = product.say("Coming?")

    await product.stream(message_id=said.newest)

    assert 500 < product.worker.time_left[-1] <= 600


async def test_a_deadline_in_the_middle_is_an_error_event_and_a_failed_draft(product):
    product.worker.steps = [
        queued(), token("Ye"), done(finish_reason=sampling_pb2.FINISH_REASON_DEADLINE),
    ]  # fmt: skip
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    events, refusal = await broken(product.responses.StreamResponse(request, metadata=product.owner))

    assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert events[-1].error.code == 4
    kept = await product.get(events[0].started.response_id)
    assert kept.status == responses_pb2.RESPONSE_STATUS_FAILED
    assert kept.finish_reason == sampling_pb2.FINISH_REASON_DEADLINE


async def test_a_newer_message_supersedes_the_draft(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), token("Yes"), gate, done()]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)
    call = product.responses.StreamResponse(request, metadata=product.owner)
    events = aiter(call)
    await anext(events)

    said.add("Never mind")
    gate.set()

    finished = [event async for event in events][-1].done
    assert finished.finish_reason == sampling_pb2.FINISH_REASON_SUPERSEDED
    kept = await product.get(finished.response_id)
    assert kept.status == responses_pb2.RESPONSE_STATUS_SUPERSEDED


async def test_a_draft_for_an_older_message_is_not_superseded_by_what_was_there(product):
    said = product.say("Coming?")
    older = said.newest
    said.add("Hello?")

    finished = (await product.stream(message_id=older))[-1].done

    assert finished.finish_reason == sampling_pb2.FINISH_REASON_STOP


async def test_a_model_that_writes_nothing_fails_the_draft(product):
    product.worker.steps = [queued(), writing(), token(" "), done()]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    events, refusal = await broken(product.responses.StreamResponse(request, metadata=product.owner))

    assert refusal.reason == "EMPTY_DRAFT"
    assert events[-1].error.reason == "EMPTY_DRAFT"
    kept = await product.get(events[0].started.response_id)
    assert kept.status == responses_pb2.RESPONSE_STATUS_FAILED


async def test_silence_is_filled_with_heartbeats(schema, valkey, product):
    gate = asyncio.Event()
    product.worker.steps = [queued(3, 12.5), gate, *reply("Yes")[1:]]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)

    async with running_product(schema, valkey, product.neighbours, intervals=Intervals(heartbeat=0.02)) as quick:
        quick.account_id = product.account_id
        call = quick.responses.StreamResponse(request, metadata=quick.owner)
        events = aiter(call)
        first = [await anext(events) for _ in range(4)]
        gate.set()
        rest = [event async for event in events]

    assert kinds(first) == ["started", "state", "heartbeat", "heartbeat"]
    assert (first[1].state.queue_position, first[1].state.eta_seconds) == (3, 12.5)
    assert rest[-1].done.last


async def test_the_same_state_is_told_once(product):
    product.worker.steps = [queued(2), queued(2), queued(1), reading(), reading(), token("Yes"), done()]
    said = product.say("Coming?")

    events = await product.stream(message_id=said.newest)

    assert [event.state.queue_position for event in events if event.HasField("state")] == [2, 1, 0]


async def test_a_call_without_a_token_is_refused(product):
    request = responses_pb2.StreamResponseRequest(message_id=str(new_id()))

    refusal = await refused(product.responses.StreamResponse(request).read())

    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED
