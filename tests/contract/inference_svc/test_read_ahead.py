"""NoteArrivals: the model reads a conversation before a draft is asked for."""

from dataclasses import replace

import pytest
from assistant.inference.v1 import sampling_pb2

from svc_kit.errors import Overloaded, Unavailable
from svc_kit.ids import new_id
from tests.contract.inference_svc.product import NOBODY, Product, running_neighbours, running_product
from tests.deadline import eventually

CANARY = "zanzibar-canary-4711"


def places(product: Product) -> list[str]:
    """The conversations that were read ahead."""
    return [each.cache_key for each in product.worker.read_ahead]


async def test_the_prompt_of_a_later_draft_is_read(product):
    said = product.say(*[f"Message {number}" for number in range(30)], tone="warm")

    await product.note(said.arrival())
    await eventually(lambda: bool(product.worker.read_ahead))
    await product.generate(message_id=said.newest)

    (ahead,), (draft,) = product.worker.read_ahead, product.worker.requests
    assert list(ahead.prompt) == list(draft.prompt)
    assert (ahead.cache_key, ahead.account_id) == (said.conversation_id, str(product.account_id))
    assert (ahead.cache_key, ahead.account_id) == (draft.cache_key, draft.account_id)


async def test_the_owners_own_message_is_not_read(product):
    own, others = product.say("Coming?", "Me: Yes"), product.say("Hungry?")

    await product.note(own.arrival(), others.arrival())

    await eventually(lambda: bool(product.worker.read_ahead))
    assert places(product) == [others.conversation_id]


async def test_the_answer_waits_for_no_reading_and_two_conversations_are_read_at_once(product):
    product.worker.may_read.clear()
    conversations = [product.say(f"Message {number}") for number in range(5)]

    await product.note(*[said.arrival() for said in conversations])
    await eventually(lambda: len(product.worker.read_ahead) == 2)
    # A third one would have come by now: this takes the same way.
    await product.generate(message_id=conversations[4].newest)
    reading = places(product)
    product.worker.may_read.set()

    await eventually(lambda: len(product.worker.read_ahead) == 5)
    assert set(reading) == {said.conversation_id for said in conversations[:2]}
    assert set(places(product)) == {said.conversation_id for said in conversations}


async def test_what_arrives_while_others_are_read_is_read_once_with_the_newest(product):
    product.worker.may_read.clear()
    await product.note(product.say("One").arrival(), product.say("Two").arrival())
    await eventually(lambda: len(product.worker.read_ahead) == 2)
    said = product.say("Coming?")
    for text in ("Hello?", "Never mind."):
        await product.note(said.arrival())
        said.add(text)
    await product.note(said.arrival())

    product.worker.may_read.set()

    await eventually(lambda: said.conversation_id in places(product))
    await product.note((last := product.say("Last")).arrival())
    await eventually(lambda: last.conversation_id in places(product))
    assert places(product).count(said.conversation_id) == 1
    ahead = next(each for each in product.worker.read_ahead if each.cache_key == said.conversation_id)
    assert "".join(part.text for part in ahead.prompt).endswith("Them: Never mind.\nMe:")


@pytest.mark.parametrize(
    "failure", [Overloaded("enough waits", retry_after=1), Unavailable("away"), ValueError(CANARY)]
)
async def test_what_cannot_be_read_is_let_go_and_said_once(product, failure, capfd):
    product.worker.illegible = failure
    for _ in range(3):
        said = product.say(CANARY)
        await product.note(said.arrival())
        await eventually(lambda said=said: said.conversation_id in places(product))  # type: ignore[misc]
    product.worker.illegible = None
    said = product.say("Coming?")
    await product.note(said.arrival())

    logged: list[str] = []

    def goes_on() -> bool:
        logged.extend(capfd.readouterr())
        return "read ahead again" in "".join(logged)

    await eventually(goes_on)
    assert "".join(logged).count("conversations are not read ahead") == 1
    assert CANARY not in "".join(logged)
    assert len(product.worker.read_ahead) == 4


async def test_a_model_that_is_not_loaded_is_asked_for_nothing(product, capfd):
    product.worker.status.state = sampling_pb2.MODEL_STATE_LOADING

    await product.note(product.say("Coming?").arrival())

    await eventually(lambda: "conversations are not read ahead" in "".join(capfd.readouterr()))
    assert product.worker.read_ahead == []


async def test_a_worker_that_is_away_delays_nothing(schema, valkey, capfd):
    async with running_neighbours() as neighbours:
        neighbours.addresses["worker"] = NOBODY
        async with running_product(schema, valkey, neighbours) as product:
            await product.note(product.say("Coming?").arrival())

            await eventually(lambda: "conversations are not read ahead" in "".join(capfd.readouterr()))
            assert product.worker.read_ahead == []


async def test_a_conversation_of_another_account_is_not_read(product):
    said = product.say("Coming?")
    theirs = replace(product, account_id=new_id())

    await theirs.note(said.arrival())
    await product.note((mine := product.say("Hungry?")).arrival())

    await eventually(lambda: bool(product.worker.read_ahead))
    assert places(product) == [mine.conversation_id]


async def test_it_can_be_turned_off(schema, valkey):
    async with (
        running_neighbours() as neighbours,
        running_product(schema, valkey, neighbours, read_ahead=False) as product,
    ):
        said = product.say("Coming?")

        await product.note(said.arrival())
        # By the way that a reading would have taken before it.
        await product.generate(message_id=said.newest)

    assert len(neighbours.worker.requests) == 1
    assert neighbours.worker.read_ahead == []
