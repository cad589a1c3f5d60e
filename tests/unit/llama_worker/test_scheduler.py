"""Who runs, what a step feeds, and what happens when the cache is full or the context breaks."""

import pytest

from llama_worker.engine.events import FinishReason
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import Sampling
from svc_kit.errors import Unavailable
from tests.unit.llama_worker.scripted import FATAL, Bench, ScriptedBackend

GREEDY = Sampling(temperature=0)


def test_running_work_decodes_in_every_step_beside_a_prefill():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(prefill_beside=16))
    writer = backend.says("w", forever=True)
    bench.submit(writer, max_tokens=30)
    bench.step()
    reader = backend.says("r", prompt_size=100)
    bench.submit(reader)

    bench.run()

    reading = [step for step in backend.fed if step.get(reader[0], 0) > 1]
    assert len(reading) == 7
    assert all(step[writer[0]] == 1 for step in reading)
    assert max(step[reader[0]] for step in reading) == 16


def test_a_short_prompt_does_not_wait_for_a_long_one():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(prefill_alone=32, prefill_beside=32))
    long, short = backend.says("l", prompt_size=300), backend.says("s", prompt_size=10)
    bench.submit(long)
    quick = bench.submit(short)

    bench.step(2)

    assert bench.text(quick) == "s"


def test_prompts_that_came_together_are_prefilled_one_after_the_other():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(prefill_alone=32, prefill_beside=32))
    prompts = [backend.says(letter * 9, prompt_size=64) for letter in "abc"]
    streams = [bench.submit(prompt) for prompt in prompts]

    written = []
    for _ in range(6):
        bench.step()
        written.append([bool(bench.text(stream)) for stream in streams])

    assert [row.count(True) for row in written] == [0, 1, 1, 2, 2, 3]


def test_a_long_prompt_is_not_starved_by_short_ones():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(prefill_alone=32, prefill_beside=32))
    long = backend.says("l", prompt_size=160)
    stream = bench.submit(long)

    while not bench.text(stream):
        assert len(backend.fed) < 10
        bench.submit(backend.says("s", prompt_size=32))
        bench.submit(backend.says("s", prompt_size=32))
        bench.step()

    assert all(step[long[0]] >= 16 for step in backend.fed[:10])
    assert len(backend.fed) <= 10


def test_accounts_take_turns():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    busy = [bench.submit(backend.says("a"), account_id="busy") for _ in range(5)]
    other = bench.submit(backend.says("b"), account_id="other")

    while bench.reason(other) is None:
        assert len(backend.fed) < 100
        bench.step()

    assert [bench.reason(stream) for stream in busy].count(FinishReason.STOP) == 1


def test_an_account_is_served_in_its_own_order():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    prompts = [backend.says("a") for _ in range(4)]
    for prompt in prompts:
        bench.submit(prompt, account_id="one")

    bench.run()

    assert list(dict.fromkeys(key for step in backend.fed for key in step)) == [prompt[0] for prompt in prompts]


def test_a_full_cache_preempts_the_youngest_which_keeps_its_tokens():
    backend = ScriptedBackend()
    bench = Bench(backend)
    first, second = backend.says(*"abcdef"), backend.says(*"uvwxyz")
    old, young = bench.submit(first), bench.submit(second)
    bench.step(3)
    backend.codes.append(1)

    bench.step()
    bench.run()

    assert bench.text(old) == "abcdef"
    assert bench.text(young) == "uvwxyz"
    assert backend.fed[4] == {first[0]: 1, second[0]: 6}, "the young one reads its prompt and its three tokens again"


def test_preempted_suggestions_share_their_prompt_again():
    backend = ScriptedBackend()
    bench = Bench(backend)
    first, second = backend.says(*"abcdef"), backend.says(*"uvwxyz", prompt_size=20)
    bench.submit(first)
    young = bench.submit(second, suggestions=2)
    bench.step(3)
    backend.codes.append(1)

    bench.run()

    assert [bench.text(young, suggestion) for suggestion in range(2)] == ["uvwxyz", "uvwxyz"]
    assert [step.get(second[0]) for step in backend.fed[3:7]] == [2, 20, 6, 2]


def test_a_full_cache_with_nothing_to_preempt_fails_the_request():
    backend = ScriptedBackend()
    bench = Bench(backend)
    stream = bench.submit(backend.says("a"))
    backend.codes.append(1)

    bench.run()

    assert isinstance(bench.error(stream), Unavailable)


def test_work_waits_until_its_prompt_fits_the_cache():
    backend = ScriptedBackend(context_size=1000, pool_size=1000)
    bench = Bench(backend)
    bench.submit(backend.says("a", forever=True, prompt_size=600), max_tokens=5)
    large = backend.says("b", prompt_size=600)
    stream = bench.submit(large)

    bench.run()

    assert bench.text(stream) == "b"
    assert not any(len(step) > 1 for step in backend.fed)


def test_a_fatal_step_fails_the_request_that_was_alone_in_it():
    backend = ScriptedBackend()
    bench = Bench(backend)
    stream = bench.submit(backend.says("a", forever=True), max_tokens=50)
    bench.step(2)
    backend.codes.append(FATAL)

    bench.run()

    assert isinstance(bench.error(stream), Unavailable)
    assert backend.resets == 1
    assert bench.health == [False, True]


@pytest.mark.parametrize("code", [FATAL, -1, 2])
def test_after_a_fatal_step_of_several_all_replay_their_tokens(code: int):
    backend = ScriptedBackend()
    bench = Bench(backend)
    streams = [bench.submit(backend.says(*"abcdef")) for _ in range(3)]
    bench.step(3)
    backend.codes.append(code)

    bench.run()

    assert [bench.text(stream) for stream in streams] == ["abcdef"] * 3
    assert backend.resets == 1


def test_a_poisonous_request_fails_alone():
    backend = ScriptedBackend()
    bench = Bench(backend)
    poison = backend.says("x")
    backend.poisonous.add(poison[0])
    good = [bench.submit(backend.says(*"abc")) for _ in range(2)]
    bad = bench.submit(poison)

    bench.run()

    assert isinstance(bench.error(bad), Unavailable)
    assert [bench.text(stream) for stream in good] == ["abc"] * 2


def test_deterministic_work_runs_alone():
    backend = ScriptedBackend()
    bench = Bench(backend)
    before = bench.submit(backend.says(*"abc"))
    alone = backend.says(*"abc")
    bench.submit(alone, deterministic=True, sampling=GREEDY)
    after = bench.submit(backend.says(*"abc"))

    bench.run()

    assert all(step.keys() == {alone[0]} for step in backend.fed if alone[0] in step)
    assert bench.text(before) == bench.text(after) == "abc"


def test_deterministic_work_does_not_wait_for_a_slow_reader():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(stream_buffer=4))
    slow = bench.submit(backend.says("s", forever=True), max_tokens=6)
    bench.run()
    alone = bench.submit(backend.says(*"abcdefgh"), deterministic=True, sampling=GREEDY)

    bench.run()

    assert bench.text(alone) == "abcdefgh"
    bench.read(slow)
    bench.run()
    assert bench.text(slow) == "ssssss"


def test_suggestions_wait_for_as_many_sequences():
    backend = ScriptedBackend(sequences=4)
    bench = Bench(backend)
    bench.submit(backend.says("a", forever=True), max_tokens=5)
    many = backend.says("b")
    stream = bench.submit(many, suggestions=4)
    bench.step(5)
    assert not any(many[0] in step for step in backend.fed)

    bench.run()

    assert len(bench.all_finished(stream)) == 4
