"""ActOnResponse: what the owner does with a draft, and that training_svc learns of it."""

import asyncio

import grpc
import pytest
from assistant.inference.v1 import responses_pb2, sampling_pb2
from assistant.training.v1 import samples_pb2

from svc_kit.errors import Unavailable
from svc_kit.ids import new_id
from tests.contract.inference_svc.product import Product
from tests.contract.inference_svc.refusal import broken, refused
from tests.contract.inference_svc.scripted import done, queued, token
from tests.deadline import eventually

ACCEPT, EDIT, REJECT = responses_pb2.ACTION_ACCEPT, responses_pb2.ACTION_EDIT, responses_pb2.ACTION_REJECT


async def drafted(product: Product) -> str:
    said = product.say("Hi", "Coming?", tone="warm")
    return (await product.generate(message_id=said.newest, skip_cache=True)).response_id


async def test_accepting_is_kept_and_learned(product):
    response_id = await drafted(product)

    draft = await product.act(response_id, ACCEPT)

    assert draft.status == responses_pb2.RESPONSE_STATUS_ACCEPTED
    assert draft.acted_at.seconds > 0
    await eventually(lambda: bool(product.training.events(response_id)))
    event = product.training.events(response_id)[0]
    assert event.kind == samples_pb2.FEEDBACK_KIND_ACCEPTED
    assert event.response == "Yes, sure."
    assert event.confidence == draft.confidence
    assert event.input_context == "[How I write to them: warm]\nThem: Hi\nThem: Coming?\nMe:"
    assert event.model_version == draft.model_version
    assert event.conversation_id == draft.conversation_id
    assert event.acted_at == draft.acted_at


async def test_editing_keeps_both_texts(product):
    response_id = await drafted(product)

    draft = await product.act(response_id, EDIT, edited_response="Yes, at eight.")

    assert draft.status == responses_pb2.RESPONSE_STATUS_EDITED
    assert (draft.response, draft.edited_response) == ("Yes, sure.", "Yes, at eight.")
    await eventually(lambda: bool(product.training.events(response_id)))
    event = product.training.events(response_id)[0]
    assert (event.kind, event.edited_response) == (samples_pb2.FEEDBACK_KIND_EDITED, "Yes, at eight.")


async def test_rejecting_keeps_the_reason(product):
    response_id = await drafted(product)

    draft = await product.act(response_id, REJECT, rejection_reason="too long")

    assert draft.status == responses_pb2.RESPONSE_STATUS_REJECTED
    await eventually(lambda: bool(product.training.events(response_id)))
    event = product.training.events(response_id)[0]
    assert (event.kind, event.rejection_reason) == (samples_pb2.FEEDBACK_KIND_REJECTED, "too long")


async def test_the_same_action_again_answers_the_same_and_is_learned_once(product):
    response_id = await drafted(product)

    first = await product.act(response_id, EDIT, edited_response="At eight.")
    again = await product.act(response_id, EDIT, edited_response="At eight.")

    assert again == first
    await settled(product, response_id)
    assert len(product.training.events(response_id)) == 1


async def test_the_same_action_many_times_at_once_is_learned_once(product):
    response_id = await drafted(product)

    drafts = await asyncio.gather(*[product.act(response_id, ACCEPT) for _ in range(8)])

    assert len({draft.SerializeToString(deterministic=True) for draft in drafts}) == 1
    await settled(product, response_id)
    assert len(product.training.events(response_id)) == 1


async def test_of_two_different_actions_at_once_one_counts(product):
    response_id = await drafted(product)

    results = await asyncio.gather(
        product.act(response_id, ACCEPT), product.act(response_id, REJECT), return_exceptions=True
    )

    errors = [result for result in results if isinstance(result, grpc.aio.AioRpcError)]
    assert [error.code() for error in errors] == [grpc.StatusCode.FAILED_PRECONDITION]
    await settled(product, response_id)
    assert len(product.training.events(response_id)) == 1


async def test_another_action_on_the_same_draft_is_refused(product):
    response_id = await drafted(product)
    await product.act(response_id, EDIT, edited_response="At eight.")

    refusals = [
        await refused(product.act(response_id, ACCEPT)),
        await refused(product.act(response_id, EDIT, edited_response="At nine.")),
    ]

    assert {refusal.code for refusal in refusals} == {grpc.StatusCode.FAILED_PRECONDITION}
    assert {refusal.reason for refusal in refusals} == {"ALREADY_ACTED_ON"}


@pytest.mark.parametrize(
    ("action", "fields", "field"),
    [
        (EDIT, {}, "edited_response"),
        (EDIT, {"edited_response": " \n"}, "edited_response"),
        (EDIT, {"edited_response": "x" * 20_001}, "edited_response"),
        (EDIT, {"edited_response": "a\0b"}, "edited_response"),
        (ACCEPT, {"edited_response": "Yes"}, "edited_response"),
        (ACCEPT, {"rejection_reason": "no"}, "rejection_reason"),
        (REJECT, {"rejection_reason": "x" * 501}, "rejection_reason"),
        (responses_pb2.ACTION_UNSPECIFIED, {}, "action"),
        (99, {}, "action"),
    ],
)
async def test_a_wrong_field_is_named(product, action, fields, field):
    refusal = await refused(product.act(str(new_id()), action, **fields))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.fields == [field]


async def test_a_draft_that_is_not_complete_cannot_be_acted_on(product):
    product.worker.steps = [
        queued(),
        token("Ye"),
        done(finish_reason=sampling_pb2.FINISH_REASON_DEADLINE),
    ]
    said = product.say("Coming?")
    request = responses_pb2.StreamResponseRequest(message_id=said.newest)
    events, _ = await broken(product.responses.StreamResponse(request, metadata=product.owner))

    refusal = await refused(product.act(events[0].started.response_id, ACCEPT))

    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.reason == "NOT_COMPLETED"


async def test_a_draft_of_another_account_is_not_found(product):
    response_id = await drafted(product)
    product.account_id = new_id()

    refusal = await refused(product.act(response_id, ACCEPT))

    assert refusal.code is grpc.StatusCode.NOT_FOUND


async def test_the_action_counts_although_training_is_away_and_is_delivered_when_it_is_back(product):
    product.training.failures = [Unavailable("away") for _ in range(3)]
    response_id = await drafted(product)

    draft = await product.act(response_id, ACCEPT)

    assert draft.status == responses_pb2.RESPONSE_STATUS_ACCEPTED
    await settled(product, response_id)
    assert product.training.failures == []
    assert len(product.training.events(response_id)) == 1


async def test_an_answer_that_training_could_not_give_is_asked_for_again_with_the_same_event(product):
    response_id = await drafted(product)
    product.training.failures = [RuntimeError("broken after it was stored, say")]

    await product.act(response_id, ACCEPT)

    await settled(product, response_id)
    assert len({event.event_id for event in product.training.events(response_id)}) == 1


async def settled(product: Product, response_id: str) -> None:
    """Wait until the draft's feedback is ticked off."""
    await eventually(lambda: bool(product.training.events(response_id)))
