"""ListResponses and GetResponse."""

import grpc
from assistant.inference.v1 import responses_pb2

from svc_kit.ids import new_id
from tests.contract.inference_svc.refusal import refused


async def test_drafts_are_listed_newest_first_in_pages(product):
    said = product.say("Coming?")
    made = [
        (await product.generate(message_id=said.newest, skip_cache=True, instruction=f"{number}")).response_id
        for number in range(5)
    ]

    seen: list[str] = []
    token = ""
    while True:
        request = responses_pb2.ListResponsesRequest(
            conversation_id=said.conversation_id, page_size=2, page_token=token
        )
        page = await product.responses.ListResponses(request, metadata=product.owner)
        seen += [draft.response_id for draft in page.responses]
        token = page.next_page_token
        if not token:
            break

    assert seen == made[::-1]


async def test_a_draft_shows_what_it_was_made_with(product):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest, instruction="shorter")

    (draft,) = await product.list(said.conversation_id)

    assert draft.instruction == "shorter"
    assert draft.message_id == said.newest
    assert draft.generated_at.seconds > 0


async def test_another_accounts_drafts_are_not_listed_and_not_found(product):
    said = product.say("Coming?")
    answer = await product.generate(message_id=said.newest)
    product.account_id = new_id()

    assert await product.list(said.conversation_id) == []
    refusal = await refused(product.get(answer.response_id))
    assert refusal.code is grpc.StatusCode.NOT_FOUND


async def test_a_page_token_that_nobody_gave_is_refused(product):
    request = responses_pb2.ListResponsesRequest(conversation_id=str(new_id()), page_token="?")

    refusal = await refused(product.responses.ListResponses(request, metadata=product.owner))

    assert refusal.fields == ["page_token"]


async def test_an_id_that_is_none_is_refused(product):
    refusal = await refused(product.get("7"))

    assert refusal.fields == ["response_id"]
