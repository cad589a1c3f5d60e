"""The same draft asked for again."""

from dataclasses import replace

import pytest
from assistant.inference.v1 import responses_pb2, sampling_pb2

from svc_kit.redis_client import redis_from_url
from tests.contract.inference_svc.product import running_product
from tests.contract.inference_svc.scripted import done, queued, reply, token


async def test_the_same_draft_again_comes_from_the_cache_with_a_row_of_its_own(product):
    said = product.say("Coming?")
    first = (await product.stream(message_id=said.newest))[-1].done

    events = await product.stream(message_id=said.newest)

    assert events[0].started.cached
    assert "".join(event.token.text for event in events) == "Yes, sure."
    again = events[-1].done
    assert (again.response, again.confidence, again.last) == (first.response, first.confidence, True)
    assert again.response_id != first.response_id
    assert len(product.worker.requests) == 1
    assert (await product.get(again.response_id)).status == responses_pb2.RESPONSE_STATUS_COMPLETED


async def test_generate_says_that_it_was_cached(product):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest)

    assert (await product.generate(message_id=said.newest)).cached


async def test_skip_cache_drafts_anew_and_is_remembered(product):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest)
    product.worker.steps = reply("No.")

    anew = await product.generate(message_id=said.newest, skip_cache=True)
    later = await product.generate(message_id=said.newest)

    assert (anew.response, anew.cached) == ("No.", False)
    assert (later.response, later.cached) == ("No.", True)


@pytest.mark.parametrize(
    "change",
    [
        {"instruction": "shorter"},
        {"suggestions": 2},
        {"sampling": sampling_pb2.SamplingOptions(seed=0)},
        {"sampling": sampling_pb2.SamplingOptions(temperature=0)},
        {"sampling": sampling_pb2.SamplingOptions(max_tokens=20)},
    ],
)
async def test_another_wish_is_another_draft(product, change):
    product.worker.steps = [queued(), token("a", 0), token("b", 1), done(0, last=False), done(1)]
    said = product.say("Coming?")
    await product.generate(message_id=said.newest, suggestions=2, instruction="long")
    product.worker.steps = product.worker.steps if "suggestions" in change else reply("a")

    answer = await product.generate(message_id=said.newest, **change)

    assert not answer.cached


async def test_another_model_file_is_another_draft(product):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest)
    product.worker.status.model_sha256 = "cd" * 32

    assert not (await product.generate(message_id=said.newest)).cached


async def test_another_account_with_the_same_words_gets_a_draft_of_its_own(product):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest)
    product.account_id = type(product.account_id)(int=product.account_id.int ^ 1)
    theirs = product.say("Coming?")

    assert not (await product.generate(message_id=theirs.newest)).cached


async def test_a_rejected_text_does_not_come_again(product):
    said = product.say("Coming?")
    first = await product.generate(message_id=said.newest)
    await product.act(first.response_id, responses_pb2.ACTION_REJECT)

    assert not (await product.generate(message_id=said.newest)).cached


async def test_what_is_not_complete_is_not_remembered(product):
    product.worker.steps = [queued(), token("Yes"), done(finish_reason=sampling_pb2.FINISH_REASON_STOP)]
    said = product.say("Coming?")
    older = said.newest
    product.worker.steps = [queued(), token(" "), token("ab"), token("c")]
    with pytest.raises(Exception, match="before the draft was complete"):
        await product.generate(message_id=older)
    product.worker.steps = reply("Yes")

    assert not (await product.generate(message_id=older)).cached


async def test_entries_have_a_lifetime_and_names_without_words(product, valkey):
    said = product.say("Does the zanzibar-canary sing?")
    await product.generate(message_id=said.newest)

    async with redis_from_url(valkey) as redis:
        keys = [key async for key in redis.scan_iter("*")]
        lifetimes = [await redis.ttl(key) for key in keys]

    assert all(key.startswith(b"conv-assistant:cache:") and len(key) == 21 + 64 for key in keys)
    assert all(0 < lifetime <= 3600 for lifetime in lifetimes)


async def test_the_cache_can_be_switched_off(schema, valkey, product):
    async with running_product(schema, valkey, product.neighbours, redis_enabled=False) as without:
        said = without.say("Coming?")
        await without.generate(message_id=said.newest)

        assert not (await without.generate(message_id=said.newest)).cached


async def test_without_redis_drafts_are_made_all_the_same(schema, product, capfd):
    async with running_product(schema, "redis://127.0.0.1:1", product.neighbours) as without:
        said = without.say("Coming?")
        answers = [await without.generate(message_id=said.newest) for _ in range(2)]

    assert [answer.cached for answer in answers] == [False, False]
    assert capfd.readouterr().out.count("remembering drafts without Redis") == 1


async def test_an_entry_that_nobody_can_read_is_as_good_as_none(product, valkey):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest)
    async with redis_from_url(valkey) as redis:
        async for key in redis.scan_iter("conv-assistant:cache:*"):
            await redis.set(key, b'[{"response": 1}]')

    assert (await product.generate(message_id=said.newest)).response == "Yes, sure."


async def test_the_prompt_of_a_cached_draft_is_kept_too(schema, valkey, product):
    said = product.say("Coming?")
    await product.generate(message_id=said.newest)
    again = await product.generate(message_id=said.newest)

    neighbours = replace(product.neighbours)
    async with running_product(schema, valkey, neighbours) as other:
        other.account_id = product.account_id
        kept = await other.get(again.response_id)

    assert kept.message_id == said.newest
