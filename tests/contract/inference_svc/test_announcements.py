"""A draft that is ready is announced to those who watch."""

import pytest
from assistant.inference.v1 import responses_pb2 as pb

from svc_kit.errors import Unavailable
from tests.contract.inference_svc.product import Product
from tests.contract.inference_svc.scripted import done, queued, token
from tests.deadline import eventually


def announced(product: Product) -> list[tuple[str, str]]:
    return [(each.conversation_id, each.response_id) for each in product.sync.announced]


async def test_a_draft_that_somebody_asked_for_is_announced(product):
    said = product.say("Coming?")

    answer = await product.generate(message_id=said.newest)

    await eventually(lambda: announced(product) == [(said.conversation_id, answer.response_id)])


async def test_a_draft_from_the_cache_is_announced(product):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest)

    again = await product.generate(message_id=said.newest)

    assert again.cached
    await eventually(lambda: (said.conversation_id, again.response_id) in announced(product))


async def test_each_suggestion_is_announced(product):
    product.worker.steps = [queued(), token("One", 0), token("Two", 1), done(1, last=False), done(0)]
    said = product.say("Coming?")

    answer = await product.generate(message_id=said.newest, suggestions=2)

    ready = {(said.conversation_id, draft.response_id) for draft in answer.suggestions}
    await eventually(lambda: len(announced(product)) == 2)
    assert set(announced(product)) == ready


async def test_a_draft_for_an_older_message_is_not_announced(product):
    said = product.say("Coming?")
    older = said.newest
    said.add("Hello?")

    await product.generate(message_id=older)
    newest = await product.generate(message_id=said.newest)

    await eventually(lambda: bool(product.sync.announced))
    assert announced(product) == [(said.conversation_id, newest.response_id)]


async def test_what_is_not_heard_is_said_once_more(product):
    product.sync.deaf = [Unavailable("away")]
    said = product.say("Coming?")

    answer = await product.generate(message_id=said.newest)

    await eventually(lambda: announced(product) == [(said.conversation_id, answer.response_id)])


@pytest.mark.parametrize("failures", [2, 5])
async def test_a_draft_is_as_good_when_nobody_hears_of_it(product, failures, capfd):
    product.sync.deaf = [Unavailable("away") for _ in range(failures)]
    said = product.say("Coming?")

    answer = await product.generate(message_id=said.newest)
    await eventually(lambda: len(product.sync.deaf) == failures - 2)
    await eventually(lambda: "left undone" in "".join(capfd.readouterr()))

    assert answer.response == "Yes, sure."
    assert (await product.get(answer.response_id)).status == pb.RESPONSE_STATUS_COMPLETED
    assert len(product.sync.deaf) == failures - 2
    assert announced(product) == []
