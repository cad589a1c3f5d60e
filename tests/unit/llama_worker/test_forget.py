"""What is left of a conversation that was forgotten: nothing, and its running work ends as if nothing had happened."""

import asyncio

import pytest

from llama_worker.engine.commands import ForgetConversations
from llama_worker.engine.engine import Engine
from llama_worker.engine.events import Finished, FinishReason
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest
from llama_worker.engine.stream import TokenStream
from tests.unit.llama_worker.scripted import Bench, ScriptedBackend

ACCOUNT = "owner"


def forget(bench: Bench, *cache_keys: str, account_id: str = ACCOUNT) -> int:
    """Forget between this step and the next; return the answer."""
    counts: list[int] = []
    bench.stepper.forget(ForgetConversations(account_id, frozenset(cache_keys), counts.append))
    bench.step()
    return counts[0]


def submit(bench: Bench, prompt: list[int], cache_key: str = "c", **options: object) -> TokenStream:
    return bench.submit(prompt, cache_key=cache_key, **{"account_id": ACCOUNT, **options})


def cached_tokens(bench: Bench, prompt: list[int], cache_key: str = "c", **options: object) -> int:
    stream = submit(bench, prompt, cache_key, **options)
    bench.run()
    return bench.finished(stream).cached_tokens


def test_a_resident_sequence_is_forgotten():
    bench = Bench(ScriptedBackend())
    prompt = bench.backend.says("a", prompt_size=20)
    cached_tokens(bench, prompt)

    assert forget(bench, "c", "never read") == 1

    assert not any(bench.backend.cache.values())
    assert cached_tokens(bench, prompt) == 0


def test_the_sequences_of_adapters_are_forgotten_too():
    bench = Bench(ScriptedBackend())
    adapter = bench.load("ana")
    prompt = bench.backend.says("a", prompt_size=20)
    cached_tokens(bench, prompt)
    cached_tokens(bench, prompt, adapter=adapter)

    assert forget(bench, "c") == 2

    assert cached_tokens(bench, prompt, adapter=adapter) == 0


def test_what_lies_in_the_hosts_memory_is_forgotten():
    bench = Bench(ScriptedBackend(sequences=1), EngineOptions(spill_bytes=10_000))
    prompt = bench.backend.says("a", prompt_size=20)
    cached_tokens(bench, prompt)
    cached_tokens(bench, bench.backend.says("b", prompt_size=20), "other")
    assert bench.stepper.counts.spilled_bytes > 0

    assert forget(bench, "c") == 1

    bench.run()
    assert bench.stepper.counts.spilled_bytes == 0
    assert cached_tokens(bench, prompt) == 0


def test_the_marks_of_a_recurrent_model_are_forgotten():
    backend = ScriptedBackend()
    backend.can_cut = False
    bench = Bench(backend, EngineOptions(spill_bytes=100_000))
    prompt = backend.says("a", prompt_size=150)
    cached_tokens(bench, prompt)

    # The sequence in the model's cache, and its state in the host's memory.
    assert forget(bench, "c") == 2

    bench.run()
    assert bench.stepper.counts.spilled_bytes == 0
    assert cached_tokens(bench, prompt) == 0


@pytest.mark.parametrize("kept", [{"cache_key": "d"}, {"account_id": "other"}])
def test_other_conversations_and_accounts_are_untouched(kept: dict[str, str]):
    bench = Bench(ScriptedBackend())
    prompt = bench.backend.says("a", prompt_size=20)
    cached_tokens(bench, prompt, **kept)

    assert forget(bench, "c") == 0

    assert cached_tokens(bench, prompt, **kept) == 19


def test_running_work_ends_as_it_would_and_is_not_kept():
    bench = Bench(ScriptedBackend())
    prompt = bench.backend.says("a", "b", "c", prompt_size=20)
    stream = submit(bench, prompt)
    bench.step()

    assert forget(bench, "c") == 0

    bench.run()
    assert bench.text(stream) == "abc"
    assert not any(bench.backend.cache.values())
    assert cached_tokens(bench, prompt) == 0


def test_no_request_continues_running_work_that_is_forgotten():
    bench = Bench(ScriptedBackend())
    prompt = bench.backend.says("a", prompt_size=20, forever=True)
    submit(bench, prompt, max_tokens=50)
    bench.step()
    forget(bench, "c")

    assert cached_tokens(bench, prompt, max_tokens=1) == 0


def test_a_recurrent_models_running_work_leaves_no_marks():
    backend = ScriptedBackend(batch_size=16)
    backend.can_cut = False
    bench = Bench(backend, EngineOptions(spill_bytes=100_000))
    prompt = backend.says("a", prompt_size=150)
    stream = submit(bench, prompt)
    bench.step()

    forget(bench, "c")

    bench.run()
    assert bench.text(stream) == "a"
    assert bench.stepper.counts.spilled_bytes == 0


def test_forgotten_work_that_is_preempted_comes_back_from_its_own_memory_and_leaves_nothing():
    backend = ScriptedBackend(pool_size=60)
    bench = Bench(backend, EngineOptions(spill_bytes=100_000))
    elder = bench.backend.says("x", prompt_size=20, forever=True)
    prompt = bench.backend.says("a", prompt_size=20, forever=True)
    first = submit(bench, elder, "elder", max_tokens=12)
    stream = submit(bench, prompt, max_tokens=12)
    bench.step(2)
    forget(bench, "c")
    backend.codes.append(1)

    bench.run()

    assert (bench.text(first), bench.text(stream)) == ("x" * 12, "a" * 12)
    assert bench.stepper.counts.preemptions == 1
    assert bench.stepper.counts.spilled_bytes == 0
    assert cached_tokens(bench, prompt, max_tokens=1) == 0


def test_forgotten_work_that_is_given_up_while_it_is_preempted_leaves_nothing():
    backend = ScriptedBackend(pool_size=60)
    bench = Bench(backend, EngineOptions(spill_bytes=100_000))
    submit(bench, backend.says("x", prompt_size=20, forever=True), "elder", max_tokens=39)
    stream = submit(bench, backend.says("a", prompt_size=20, forever=True), max_tokens=39)
    bench.step(2)
    forget(bench, "c")
    bench.run()
    backend.codes.append(1)
    stream.cancel()

    bench.run()

    assert forget(bench, "elder") == 1
    assert not any(backend.cache.values())
    bench.run()
    assert bench.stepper.counts.spilled_bytes == 0


def test_prefills_end_at_once():
    bench = Bench(ScriptedBackend(batch_size=16))
    running = submit(bench, bench.backend.says(prompt_size=50), prefill_only=True)
    queued = submit(bench, bench.backend.says(prompt_size=50), "d", prefill_only=True)
    other = submit(bench, bench.backend.says(prompt_size=50), "e", prefill_only=True)
    bench.step()

    forget(bench, "c", "d")

    assert bench.reason(running) is bench.reason(queued) is FinishReason.STOP
    assert bench.reason(other) is None
    bench.run()
    # Only the other conversation is kept.
    assert [len(tokens) for tokens in bench.backend.cache.values() if tokens] == [49]


def test_a_queued_draft_runs_and_is_not_kept():
    bench = Bench(ScriptedBackend(sequences=1))
    submit(bench, bench.backend.says("x", prompt_size=20), "first")
    prompt = bench.backend.says("a", prompt_size=20)
    queued = submit(bench, prompt)
    bench.step()

    assert forget(bench, "c") == 0

    bench.run()
    assert bench.text(queued) == "a"
    assert cached_tokens(bench, prompt) == 0


async def test_an_engine_says_how_much_it_forgot():
    backend = ScriptedBackend()
    prompt = backend.says("a", prompt_size=20)
    engine = Engine(lambda: backend, EngineOptions())
    assert await engine.forget(ACCOUNT, ["c"]) == 0
    await engine.start()
    async with engine.submit(GenerationRequest(prompt, cache_key="c", account_id=ACCOUNT)) as events:
        assert [event async for event in events if isinstance(event, Finished)]

    assert await engine.forget(ACCOUNT, ["c"]) == 1

    await engine.stop()
    async with asyncio.timeout(10):
        assert await engine.forget(ACCOUNT, ["c"]) == 0
