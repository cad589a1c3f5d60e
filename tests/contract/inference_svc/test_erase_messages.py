"""ResponsesService.EraseMessages: nothing is kept of deleted messages."""

import asyncio
from uuid import uuid4

import grpc
import pytest
from assistant.inference.v1 import responses_pb2 as pb
from sqlalchemy import Text, cast, func, literal_column, select

from inference_svc.storage.tables import metadata
from svc_kit.errors import NotImplementedYet, Unavailable
from svc_kit.ids import new_id
from svc_kit.redis_client import redis_from_url
from tests.contract.inference_svc.product import Product
from tests.contract.inference_svc.refusal import refused
from tests.contract.inference_svc.scripted import Said, reply
from tests.deadline import eventually

CANARY = "zanzibar-canary-4713"


async def kept(product: Product) -> list[str]:
    """In which tables of the account the canary is."""
    async with product.database.transaction(product.account_id) as connection:
        counts = {
            table.name: await connection.scalar(
                select(func.count()).select_from(table).where(cast(literal_column(table.name), Text).contains(CANARY))
            )
            for table in metadata.sorted_tables
        }
    return [name for name, count in counts.items() if count]


async def in_redis(url: str, word: str = CANARY) -> list[str]:
    """Under which keys of cached replies the word is."""
    async with redis_from_url(url) as redis:
        keys = [key async for key in redis.scan_iter("*:cache:*")]
        return [str(key) for key in keys if word.encode() in (await redis.get(key) or b"")]


async def acted_on(product: Product) -> tuple[Said, list[str]]:
    """A conversation that was drafted in, edited and rejected, with the canary in all texts; its drafts."""
    product.worker.steps = reply(f"{CANARY} reply")
    said = product.say(f"{CANARY} one", "Me: two", f"{CANARY} three", tone=CANARY)
    edited = await product.generate(message_id=said.newest, instruction=f"{CANARY} warmer")
    rejected = await product.generate(message_id=said.newest, instruction=f"{CANARY} shorter")
    left = await product.generate(message_id=said.newest)
    await product.act(edited.response_id, pb.ACTION_EDIT, edited_response=f"{CANARY} mine")
    await product.act(rejected.response_id, pb.ACTION_REJECT, rejection_reason=f"{CANARY} no")
    return said, [edited.response_id, rejected.response_id, left.response_id]


async def test_a_deleted_conversation_leaves_nothing(product: Product, valkey: str):
    said, drafts = await acted_on(product)
    job = await product.enqueue(message_id=said.newest, instruction=f"{CANARY} job")
    await product.ended(job.job_id)
    asked = await product.enqueue(conversation_id=said.conversation_id, instruction=f"{CANARY} job")
    await product.ended(asked.job_id)
    assert await kept(product) == ["responses"]
    assert await in_redis(valkey)

    answer = await product.erase(conversation_ids=[said.conversation_id], message_ids=said.message_ids)

    assert answer.response_count == 5
    assert await kept(product) == []
    assert await in_redis(valkey) == []
    assert await product.list(said.conversation_id) == []
    assert (await refused(product.get(drafts[0]))).code is grpc.StatusCode.NOT_FOUND
    assert (await refused(product.job(asked.job_id))).code is grpc.StatusCode.NOT_FOUND
    assert [list(each.cache_keys) for each in product.worker.forgot] == [[said.conversation_id]]


async def test_drafts_of_a_deleted_message_lose_their_texts_and_stay(product: Product, valkey: str):
    said, drafts = await acted_on(product)
    other = product.say("Hello")
    product.worker.steps = reply("Hi")
    untouched = await product.generate(message_id=other.newest)

    answer = await product.erase(message_ids=said.message_ids[:1], touched_conversation_ids=[said.conversation_id])

    assert answer.response_count == 3
    assert await kept(product) == []
    assert await in_redis(valkey) == []
    listed = await product.list(said.conversation_id)
    assert {draft.response_id for draft in listed} == set(drafts)
    assert all(draft.erased for draft in listed)
    assert not (await product.get(untouched.response_id)).erased
    assert [list(each.cache_keys) for each in product.worker.forgot] == [[said.conversation_id]]


async def test_a_message_that_is_not_in_a_prompt_changes_nothing(product: Product):
    _, drafts = await acted_on(product)

    answer = await product.erase(message_ids=[str(new_id())], touched_conversation_ids=[str(new_id())])

    assert (answer.response_count, answer.job_count) == (0, 0)
    assert not (await product.get(drafts[0])).erased


async def test_nothing_can_be_done_with_an_erased_draft(product: Product):
    said, drafts = await acted_on(product)
    await product.erase(message_ids=said.message_ids[:1], touched_conversation_ids=[said.conversation_id])

    refusals = [await refused(product.act(draft, pb.ACTION_ACCEPT)) for draft in drafts]

    assert {(each.code, each.reason) for each in refusals} == {(grpc.StatusCode.FAILED_PRECONDITION, "ERASED")}


async def test_the_same_erasure_again_changes_nothing(product: Product):
    said, _ = await acted_on(product)
    erasure = {"erasure_id": str(uuid4()), "message_ids": said.message_ids}

    counts = [(await product.erase(**erasure)).response_count for _ in range(2)]

    assert counts == [3, 0]


async def test_another_account_loses_nothing(product: Product):
    said, drafts = await acted_on(product)
    owner, product.account_id = product.account_id, new_id()

    await product.erase(conversation_ids=[said.conversation_id], message_ids=said.message_ids)

    product.account_id = owner
    assert (await product.get(drafts[0])).edited_response == f"{CANARY} mine"


async def test_what_the_owner_sent_leads_to_the_draft_that_it_labelled(product: Product):
    product.worker.steps = reply("See you at eight")
    said = product.say("When do we meet?")
    draft = (await product.generate(message_id=said.newest)).response_id
    own = said.add(f"Me: See you at eight {CANARY}")
    await product.note(said.arrival())
    assert (await product.get(draft)).edited_response == f"See you at eight {CANARY}"
    await eventually(lambda: bool(product.training.events(draft)))
    assert product.training.events(draft)[0].reply_message_id == own

    await product.erase(message_ids=[own], touched_conversation_ids=[said.conversation_id])

    assert (await product.get(draft)).erased
    assert await kept(product) == []


async def test_an_own_message_that_was_deleted_on_its_way_labels_nothing(product: Product):
    product.worker.steps = reply("See you at eight")
    said = product.say("When do we meet?")
    draft = (await product.generate(message_id=said.newest)).response_id
    own = said.add(f"Me: See you at eight {CANARY}")
    await product.erase(message_ids=[own], touched_conversation_ids=[said.conversation_id])

    await product.note(said.arrival())

    assert (await product.get(draft)).status == pb.RESPONSE_STATUS_COMPLETED
    assert await kept(product) == []


async def test_feedback_tells_what_the_prompt_was_made_of(product: Product):
    said = product.say("Ana: Are you coming?", "Me: Where?", "Ben: To dinner", is_group=True, relation="friends")
    draft = (await product.generate(message_id=said.newest, instruction="short")).response_id

    await product.act(draft, pb.ACTION_ACCEPT)

    [event] = product.training.events(draft)
    turns = [(turn.message_id, turn.text, turn.mine, turn.sender) for turn in event.prompt.turns]
    texts = [("Are you coming?", False, "Ana"), ("Where?", True, ""), ("To dinner", False, "Ben")]
    assert turns == [(message_id, *rest) for message_id, rest in zip(said.message_ids, texts, strict=True)]
    assert (event.prompt.hints.relation, event.prompt.hints.instruction) == ("friends", "short")
    assert (event.prompt.hints.is_group, event.prompt.template_id) == (True, "transcript-1")
    assert event.reply_message_id == ""


async def test_a_worker_that_does_not_answer_is_asked_again(product: Product):
    said, _ = await acted_on(product)
    product.worker.stubborn = Unavailable("broke")
    erasure = {
        "erasure_id": str(uuid4()),
        "message_ids": said.message_ids,
        "touched_conversation_ids": [said.conversation_id],
    }

    refusal = await refused(product.erase(**erasure))

    assert refusal.code is grpc.StatusCode.UNAVAILABLE
    assert await kept(product) == []
    product.worker.stubborn = None
    await product.erase(**erasure)
    assert [list(each.cache_keys) for each in product.worker.forgot] == [[said.conversation_id]]


async def test_a_worker_of_a_version_that_cannot_forget_is_passed_over(
    product: Product, capfd: pytest.CaptureFixture[str]
):
    said, _ = await acted_on(product)
    product.worker.stubborn = NotImplementedYet("Forget")

    for _ in range(2):
        await product.erase(message_ids=said.message_ids, touched_conversation_ids=[said.conversation_id])

    captured = capfd.readouterr()
    assert (captured.out + captured.err).count("worker cannot forget conversations") == 1


async def test_waiting_jobs_of_a_deleted_message_are_cancelled(product: Product):
    product.worker.steps = [asyncio.Event()]
    said = product.say(f"{CANARY} one", f"{CANARY} two")
    jobs = [await product.enqueue(message_id=said.newest, instruction=f"{CANARY} {number}") for number in range(8)]

    answer = await product.erase(message_ids=[said.newest], touched_conversation_ids=[said.conversation_id])

    assert answer.job_count == 8
    for job in jobs:
        assert (await product.ended(job.job_id)).state == pb.JOB_STATE_CANCELLED
    assert await kept(product) == []


async def test_a_draft_whose_prompt_was_made_before_the_erasure_is_not_kept(product: Product, valkey: str):
    gate, word = asyncio.Event(), uuid4().hex
    product.worker.steps = [gate, *reply(f"{CANARY} {word}")]
    said = product.say(f"{CANARY} one", "two")
    draft = asyncio.create_task(product.generate(message_id=said.newest))
    await eventually(lambda: bool(product.worker.requests))

    await product.erase(message_ids=said.message_ids[:1], touched_conversation_ids=[said.conversation_id])
    gate.set()

    assert (await refused(draft)).reason == "ERASED"
    assert await kept(product) == []
    assert await in_redis(valkey, word) == []
    # Once when it was erased, and once for what the worker had read by then.
    await eventually(lambda: len(product.worker.forgot) == 2)
    assert {tuple(each.cache_keys) for each in product.worker.forgot} == {(said.conversation_id,)}


async def test_a_draft_that_is_being_written_during_the_erasure_is_not_kept(product: Product, valkey: str):
    gate, word = asyncio.Event(), uuid4().hex
    steps = reply(f"{CANARY} {word}")
    product.worker.steps = [*steps[:-1], gate, steps[-1]]
    said = product.say(f"{CANARY} one", "two")
    draft = asyncio.create_task(product.generate(message_id=said.newest))
    await eventually_is_kept(product, said.conversation_id)

    await product.erase(message_ids=said.message_ids[:1], touched_conversation_ids=[said.conversation_id])
    gate.set()

    assert (await refused(draft)).reason == "ERASED"
    [left] = await product.list(said.conversation_id)
    assert (left.erased, left.response) == (True, "")
    assert await kept(product) == []
    assert await in_redis(valkey, word) == []


async def test_what_was_prefilled_after_the_erasure_is_forgotten_again(product: Product):
    product.worker.may_read.clear()
    said = product.say(f"{CANARY} one", "two")
    await product.note(said.arrival())
    await eventually(lambda: bool(product.worker.read_ahead))

    await product.erase(message_ids=said.message_ids[:1], touched_conversation_ids=[said.conversation_id])
    product.worker.may_read.set()

    await eventually(lambda: len(product.worker.forgot) == 2)
    assert {tuple(each.cache_keys) for each in product.worker.forgot} == {(said.conversation_id,)}


async def eventually_is_kept(product: Product, conversation_id: str) -> None:
    """Wait until a draft of the conversation is being made."""
    async with asyncio.timeout(10):
        while not await product.list(conversation_id):
            await asyncio.sleep(0.01)


async def test_a_bad_erasure_names_the_field(product: Product):
    refusal = await refused(product.erase(conversation_ids=["7"]))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "erasure.conversation_ids[0]" in refusal.fields


async def test_an_erasure_is_required(product: Product):
    call = product.responses.EraseMessages(pb.EraseMessagesRequest(), metadata=product.owner)

    assert (await refused(call)).fields == ["erasure"]
