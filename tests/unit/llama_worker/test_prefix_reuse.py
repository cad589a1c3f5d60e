"""The common prefix of two requests of a conversation is prefilled once."""

import pytest

from llama_worker.engine.events import FinishReason
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import Sampling
from svc_kit.errors import Overloaded
from tests.unit.llama_worker.scripted import FATAL, Bench, ScriptedBackend

GREEDY = Sampling(temperature=0)


def tokens_fed(backend: ScriptedBackend, prompt: list[int]) -> int:
    return sum(step.get(prompt[0], 0) for step in backend.fed)


def test_a_second_draft_prefills_only_what_is_new():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says("a", prompt_size=50)
    bench.submit(prompt, cache_key="c")
    bench.run()
    fed = tokens_fed(backend, prompt)
    backend.scripts[prompt[0]].prompt_size = 53
    second = bench.submit([*prompt, 1, 1, 1], cache_key="c")

    bench.run()

    assert bench.text(second) == "a"
    # The answer is cut off, the new tokens are prefilled, and one token is decoded.
    assert tokens_fed(backend, prompt) - fed == 4
    assert bench.finished(second).cached_tokens == 50
    assert bench.finished(second).prompt_tokens == 53


def test_the_same_prompt_again_costs_one_step_to_the_first_token():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says("a", prompt_size=200)
    bench.submit(prompt, cache_key="c")
    bench.run()
    again = bench.submit(prompt, cache_key="c")

    bench.step()

    assert bench.text(again) == "a"


@pytest.mark.parametrize("other", [{"cache_key": "d"}, {"cache_key": "c", "account_id": "other"}, {}])
def test_no_conversation_continues_the_sequence_of_another(other: dict[str, str]):
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says("a", prompt_size=20)
    bench.submit(prompt, cache_key="c", account_id="one")
    bench.run()
    stranger = bench.submit(prompt, **other)

    bench.run()

    assert bench.finished(stranger).cached_tokens == 0


def test_several_suggestions_continue_one_kept_prompt():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says(*"abc", prompt_size=20)
    bench.submit(prompt, cache_key="c")
    bench.run()
    fed = tokens_fed(backend, prompt)
    many = bench.submit(prompt, cache_key="c", suggestions=3)

    bench.run()

    assert [bench.text(many, suggestion) for suggestion in range(3)] == ["abc"] * 3
    assert bench.all_finished(many)[0].cached_tokens == 19
    # One token of the prompt, and each suggestion's own.
    assert tokens_fed(backend, prompt) - fed == 1 + 3 * 3


def test_two_drafts_of_one_conversation_at_once_share_their_prefix():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says("a", prompt_size=40, forever=True)
    bench.submit(prompt, cache_key="c", max_tokens=20)
    bench.step(2)
    beside = bench.submit(prompt, cache_key="c", max_tokens=3)

    bench.run()

    assert bench.text(beside) == "aaa"
    assert bench.finished(beside).cached_tokens == 39


def test_a_cancelled_draft_leaves_its_prefix():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(prefill_alone=32, prefill_beside=32))
    prompt = backend.says("a", prompt_size=100)
    stream = bench.submit(prompt, cache_key="c")
    bench.step(2)
    stream.cancel()
    again = bench.submit(prompt, cache_key="c")

    bench.run()

    assert bench.finished(again).cached_tokens == 64


def test_residents_make_room_for_work_that_needs_their_cells():
    backend = ScriptedBackend(context_size=1000, pool_size=1000)
    bench = Bench(backend)
    bench.submit(backend.says("a", prompt_size=600), cache_key="a")
    bench.run()
    stream = bench.submit(backend.says("b", prompt_size=600), cache_key="b")

    bench.run()

    assert bench.text(stream) == "b"
    assert sum(map(len, backend.cache.values())) < 1000


def test_a_full_cache_evicts_a_resident_before_it_preempts():
    backend = ScriptedBackend()
    bench = Bench(backend)
    idle = backend.says("i", prompt_size=30)
    bench.submit(idle, cache_key="i")
    bench.run()
    busy = [backend.says(*"abcdef"), backend.says(*"uvwxyz")]
    streams = [bench.submit(prompt) for prompt in busy]
    bench.step(2)
    backend.codes.append(1)

    bench.run()

    assert [bench.text(stream) for stream in streams] == ["abcdef", "uvwxyz"]
    assert [tokens_fed(backend, prompt) for prompt in busy] == [3 + 6 + 1] * 2, "but for the step that failed"


def test_preempted_work_is_restored_from_the_hosts_memory():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(spill_bytes=10_000))
    first, second = backend.says(*"abcdef"), backend.says(*"uvwxyz", prompt_size=40)
    bench.submit(first)
    young = bench.submit(second)
    bench.step(3)
    backend.codes.append(1)

    bench.run()

    assert bench.text(young) == "uvwxyz"
    assert tokens_fed(backend, second) == 40 + 6 + 1
    assert bench.finished(young).cached_tokens == 0, "when it began it had nothing"


def test_deterministic_work_neither_uses_nor_leaves_anything():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says("a", prompt_size=20)
    for _ in range(2):
        bench.submit(prompt, cache_key="c", deterministic=True, sampling=GREEDY)
        bench.run()
    usual = bench.submit(prompt, cache_key="c")
    bench.run()
    alone = bench.submit(prompt, cache_key="c", deterministic=True, sampling=GREEDY)
    bench.run()

    assert bench.finished(usual).cached_tokens == bench.finished(alone).cached_tokens == 0
    assert [len(tokens) for tokens in backend.cache.values()] == [0, 0, 0, 0], "nothing lies beside deterministic work"


def test_after_a_fatal_step_no_resident_is_left():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says("a", prompt_size=20)
    bench.submit(prompt, cache_key="c")
    bench.run()
    backend.codes.append(FATAL)
    bench.submit(backend.says("b"))
    bench.run()
    again = bench.submit(prompt, cache_key="c")

    bench.run()

    assert bench.text(again) == "a"
    assert bench.finished(again).cached_tokens == 0


def test_a_prefilled_prompt_is_answered_in_one_step():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says("a", prompt_size=100)
    ahead = bench.submit(prompt, cache_key="c", prefill_only=True)
    bench.run()
    draft = bench.submit(prompt, cache_key="c")

    bench.step()

    assert bench.reason(ahead) is FinishReason.STOP
    assert bench.finished(ahead).prompt_tokens == 100
    assert not bench.pieces(ahead)
    assert bench.text(draft) == "a"
    assert [step[prompt[0]] for step in backend.fed] == [64, 35, 1]


def test_two_prefills_of_one_prompt_compute_it_once():
    backend = ScriptedBackend()
    bench = Bench(backend)
    prompt = backend.says("a", prompt_size=30)
    bench.submit(prompt, cache_key="c", prefill_only=True)
    bench.run()
    again = bench.submit(prompt, cache_key="c", prefill_only=True)

    bench.run()

    assert bench.finished(again).cached_tokens == 29
    assert tokens_fed(backend, prompt) == 29


def test_a_draft_takes_over_the_running_prefill_of_its_conversation():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(prefill_alone=32, prefill_beside=32))
    prompt = backend.says("a", prompt_size=100)
    ahead = bench.submit(prompt, cache_key="c", prefill_only=True)
    bench.step()
    draft = bench.submit(prompt, cache_key="c")

    bench.run()

    assert bench.reason(ahead) is FinishReason.STOP
    assert bench.finished(draft).cached_tokens == 32
    assert tokens_fed(backend, prompt) == 100 + 1


def test_a_prefill_gives_its_place_to_a_draft():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend, EngineOptions(prefill_alone=32, prefill_beside=32))
    ahead = bench.submit(backend.says("a", prompt_size=100), cache_key="c", prefill_only=True)
    bench.step()
    draft = bench.submit(backend.says("b"), cache_key="d")

    bench.step()

    assert bench.text(draft) == "b"
    assert bench.reason(ahead) is FinishReason.STOP


def test_drafts_come_before_prefills():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(prefill_alone=32, prefill_beside=32))
    later = backend.says("a", prompt_size=100)
    bench.submit(later, cache_key="c", prefill_only=True)
    bench.step()
    now = backend.says("b", prompt_size=90)
    bench.submit(now)

    bench.step(2)

    assert backend.fed[1:] == [{now[0]: 32}, {now[0]: 32}]


def test_a_waiting_prefill_runs_after_the_others():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    ahead = bench.submit(backend.says("a", prompt_size=30), cache_key="c", prefill_only=True)
    bench.step()
    waits = bench.submit(backend.says("b", prompt_size=30), cache_key="d", prefill_only=True)

    bench.run()

    assert [bench.reason(stream) for stream in (ahead, waits)] == [FinishReason.STOP] * 2


def test_no_more_prefills_wait_than_could_run():
    backend = ScriptedBackend(sequences=2)
    bench = Bench(backend, EngineOptions(queue_limit=1))
    for _ in range(2):
        bench.submit(backend.says("a", prompt_size=30), cache_key="c", prefill_only=True)

    with pytest.raises(Overloaded):
        bench.submit(backend.says("a", prompt_size=30), cache_key="c", prefill_only=True)
    draft = bench.submit(backend.says("b"))
    bench.run()

    assert bench.text(draft) == "b", "it has a place of its own in the queue"
