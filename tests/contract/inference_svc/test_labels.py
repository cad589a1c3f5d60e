"""NoteArrivals: what the owner sent labels the draft before it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from assistant.inference.v1 import responses_pb2 as pb
from assistant.training.v1 import samples_pb2
from sqlalchemy import func, update

from inference_svc.storage.tables import responses
from svc_kit.errors import FailedPrecondition
from svc_kit.ids import new_id
from tests.contract.inference_svc.product import Product
from tests.contract.inference_svc.scripted import Said, done, queued, reply, token
from tests.deadline import eventually

ACCEPTED, EDITED, COMPLETED = pb.RESPONSE_STATUS_ACCEPTED, pb.RESPONSE_STATUS_EDITED, pb.RESPONSE_STATUS_COMPLETED
FEEDBACK = {ACCEPTED: samples_pb2.FEEDBACK_KIND_ACCEPTED, EDITED: samples_pb2.FEEDBACK_KIND_EDITED}


async def drafted(product: Product) -> tuple[Said, str]:
    """A conversation and its draft, "Yes, sure."."""
    said = product.say("Hi", "Coming?")
    return said, (await product.generate(message_id=said.newest, skip_cache=True)).response_id


async def suggested(product: Product, *texts: str) -> tuple[Said, list[str]]:
    """A conversation and several suggestions of one request."""
    pieces = [token(text, suggestion) for suggestion, text in enumerate(texts)]
    ends = [done(suggestion, last=suggestion == len(texts) - 1) for suggestion in range(len(texts))]
    product.worker.steps = [queued(), *pieces, *ends]
    said = product.say("Coming?")
    answer = await product.generate(message_id=said.newest, suggestions=len(texts))
    return said, [draft.response_id for draft in answer.suggestions]


async def sent(product: Product, said: Said, text: str) -> pb.Arrival:
    """The owner writes."""
    said.add(f"Me: {text}")
    await product.note(said.arrival())
    return said.arrival()


async def statuses(product: Product, response_ids: list[str]) -> list[int]:
    return [(await product.get(response_id)).status for response_id in response_ids]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Yes, sure.", ACCEPTED),
        ("Yes,   sure.\n", ACCEPTED),
        ("Yes, sure, at 8!", EDITED),
        ("No, I have to work tonight", COMPLETED),
        ("", COMPLETED),
    ],
)
async def test_a_draft_is_labelled_by_what_was_sent(product, text, status):
    said, response_id = await drafted(product)

    await sent(product, said, text)

    draft = await product.get(response_id)
    assert (draft.status, draft.response) == (status, "Yes, sure.")
    assert draft.edited_response == (text if status == EDITED else "")
    assert draft.HasField("acted_at") == (status != COMPLETED)


@pytest.mark.parametrize("text", ["Yes, sure.", "Yes,  sure, at 8!"])
async def test_a_label_is_learned_as_an_action_by_hand_is(product, text):
    said, response_id = await drafted(product)

    await sent(product, said, text)

    await eventually(lambda: bool(product.training.events(response_id)))
    draft, (event,) = await product.get(response_id), product.training.events(response_id)
    assert event.kind == FEEDBACK[draft.status]
    assert (event.response, event.edited_response) == (draft.response, draft.edited_response)
    assert (event.confidence, event.acted_at) == (draft.confidence, draft.acted_at)
    assert event.input_context == "Them: Hi\nThem: Coming?\nMe:"


async def test_what_is_ignored_is_not_learned_and_labelled_by_nothing_later(product):
    said, response_id = await drafted(product)

    await sent(product, said, "No, I have to work tonight")
    await sent(product, said, "Yes, sure.")

    assert await statuses(product, [response_id]) == [COMPLETED]
    assert product.training.events(response_id) == []


async def test_what_was_ignored_can_still_be_acted_on_by_hand(product):
    said, response_id = await drafted(product)
    await sent(product, said, "No, I have to work tonight")

    draft = await product.act(response_id, pb.ACTION_REJECT, rejection_reason="wrong")

    assert draft.status == pb.RESPONSE_STATUS_REJECTED


async def test_the_same_arrival_again_changes_nothing(product):
    said, response_id = await drafted(product)

    arrival = await sent(product, said, "Yes, sure.")
    before = await product.get(response_id)
    await asyncio.gather(*[product.note(arrival) for _ in range(3)])

    assert await product.get(response_id) == before
    await settled(product, said)
    assert len(product.training.events(response_id)) == 1


async def test_the_same_arrival_many_times_at_once_is_learned_once(product):
    said, response_ids = await suggested(product, "Yes, sure.", "Yes, sure!")
    said.add("Me: Yes, sure.")

    await asyncio.gather(*[product.note(said.arrival()) for _ in range(6)])

    assert await statuses(product, response_ids) == [ACCEPTED, COMPLETED]
    await settled(product, said)
    assert [len(product.training.events(response_id)) for response_id in response_ids] == [1, 0]


async def test_an_arrival_that_comes_late_says_nothing_of_later_drafts(product):
    said, first = await drafted(product)
    late = await sent(product, said, "Yes, sure.")
    said.add("At eight?")
    second = (await product.generate(message_id=said.newest, skip_cache=True)).response_id

    await product.note(late)

    assert await statuses(product, [first, second]) == [ACCEPTED, COMPLETED]


async def test_of_several_suggestions_the_most_similar_is_labelled_and_the_others_are_closed(product):
    said, response_ids = await suggested(product, "Sorry, no.", "Yes, at nine, I think.", "Yes, at eight, I think.")

    await sent(product, said, "Yes, at eight, I am sure.")
    await sent(product, said, "Sorry, no.")

    assert await statuses(product, response_ids) == [COMPLETED, COMPLETED, EDITED]


async def test_drafts_for_earlier_messages_are_compared_too(product):
    said, first = await drafted(product)
    said.add("Hello?")
    product.worker.steps = [queued(), token("Hello, who is this?"), done()]
    second = (await product.generate(message_id=said.newest)).response_id

    await sent(product, said, "Yes, sure.")

    assert await statuses(product, [first, second]) == [ACCEPTED, COMPLETED]


@pytest.mark.parametrize(
    ("action", "fields"),
    [(pb.ACTION_REJECT, {}), (pb.ACTION_ACCEPT, {}), (pb.ACTION_EDIT, {"edited_response": "Yes, at eight."})],
)
async def test_what_the_owner_did_by_hand_stays(product, action, fields):
    said, response_id = await drafted(product)
    by_hand = await product.act(response_id, action, **fields)

    await sent(product, said, "Yes, sure.")

    assert await product.get(response_id) == by_hand
    await settled(product, said)
    assert len(product.training.events(response_id)) == 1


async def test_what_was_taken_by_hand_and_then_sent_is_learned_once(product):
    said, response_ids = await suggested(product, "Yes, sure.", "Yes, sure!")
    await product.act(response_ids[1], pb.ACTION_EDIT, edited_response="Yes, surely.")

    await sent(product, said, "Yes, surely.")

    assert await statuses(product, response_ids) == [COMPLETED, EDITED]
    await settled(product, said)
    assert product.training.events(response_ids[0]) == []


async def test_a_hand_and_an_arrival_at_once_are_learned_once(product):
    said, response_id = await drafted(product)
    said.add("Me: Yes, sure.")

    await asyncio.gather(
        product.act(response_id, pb.ACTION_REJECT), product.note(said.arrival()), return_exceptions=True
    )

    assert (await product.get(response_id)).status in (ACCEPTED, pb.RESPONSE_STATUS_REJECTED)
    await settled(product, said)
    assert len(product.training.events(response_id)) == 1


async def test_a_draft_of_another_account_is_not_touched(product):
    said, response_id = await drafted(product)
    said.add("Me: Yes, sure.")

    await replace(product, account_id=new_id()).note(said.arrival())

    assert await statuses(product, [response_id]) == [COMPLETED]


async def test_a_draft_of_another_conversation_is_not_touched(product):
    _, response_id = await drafted(product)

    await sent(product, product.say("Hungry?"), "Yes, sure.")

    assert await statuses(product, [response_id]) == [COMPLETED]


async def test_a_draft_of_more_than_a_day_ago_is_not_touched(product):
    said, response_id = await drafted(product)
    async with product.database.transaction(product.account_id) as connection:
        await connection.execute(update(responses).values(created_at=func.now() - timedelta(days=1, seconds=1)))

    await sent(product, said, "Yes, sure.")

    assert await statuses(product, [response_id]) == [COMPLETED]


async def test_what_training_could_not_take_is_brought_later(product):
    product.training.failures = [FailedPrecondition("BUSY", "not now")]
    said, response_id = await drafted(product)

    await sent(product, said, "Yes, sure.")

    await eventually(lambda: len(product.training.events(response_id)) == 1)


async def settled(product: Product, said: Said) -> None:
    """Wait until all feedback that was written is delivered: what is written last is delivered last."""
    product.worker.steps = reply("Yes")
    said.add("Still there?")
    response_id = (await product.generate(message_id=said.newest, skip_cache=True)).response_id
    await product.act(response_id, pb.ACTION_REJECT)
    await eventually(lambda: bool(product.training.events(response_id)))


async def test_an_answer_that_was_answered_before_it_was_told_labels_too(product):
    said, response_id = await drafted(product)
    said.add("Me: Yes, sure.")
    own = said.arrival()
    said.add("Great!")
    news = [own, said.arrival()]

    for _ in range(2):
        await product.note(*news)

    assert (await product.get(response_id)).status == ACCEPTED
    await eventually(lambda: len(product.training.events(response_id)) == 1)


async def test_the_same_news_again_leaves_a_later_draft_open(product):
    said, _ = await drafted(product)
    said.add("Me: Yes, sure.")
    own = said.arrival()
    said.add("Great! And Ana?")
    news = [own, said.arrival()]
    await product.note(*news)
    later = (await product.generate(message_id=said.newest, skip_cache=True)).response_id

    await product.note(*news)
    await sent(product, said, "Yes, sure.")

    assert (await product.get(later)).status == ACCEPTED
