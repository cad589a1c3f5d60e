"""Adapters: which one a step computes with, in what turns, and when one is freed."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from llama_worker.engine.adapters import Adapter, AdapterFile, AdapterTurns, AdapterUnusable
from llama_worker.engine.events import FinishReason
from llama_worker.engine.model import ModelUnusable
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import Sampling
from svc_kit.errors import Unavailable
from tests.unit.llama_worker.scripted import Bench, ScriptedBackend

GREEDY = Sampling(temperature=0)


def adapter(name: str) -> Adapter:
    return Adapter(AdapterFile(name, Path("/none"), ""), name)


def test_turns_are_fair_and_long_enough_to_be_worth_a_switch():
    turns = AdapterTurns(steps=4)
    ana, ben = adapter("ana"), adapter("ben")

    order = [turns.next([None, ana, ben]) for _ in range(36)]

    assert Counter(order) == {None: 12, ana: 12, ben: 12}
    assert sum(one is not other for one, other in pairwise(order)) == 8


def test_an_adapter_alone_never_waits_and_a_new_one_waits_for_one_turn():
    turns = AdapterTurns(steps=4)
    ana, ben = adapter("ana"), adapter("ben")
    alone = [turns.next([ana]) for _ in range(10)]

    both = [turns.next([ana, ben]) for _ in range(5)]

    assert alone == [ana] * 10
    assert ben in both


def test_work_is_computed_with_its_own_adapter_and_never_beside_anothers():
    backend = ScriptedBackend()
    bench = Bench(backend)
    ana, ben = bench.load("ana"), bench.load("ben")
    prompts = {None: backend.says(*"abc"), ana: backend.says(*"def"), ben: backend.says(*"ghi")}
    streams = {one: bench.submit(prompt, adapter=one) for one, prompt in prompts.items()}

    bench.run()

    assert [bench.text(stream) for stream in streams.values()] == ["abc", "def", "ghi"]
    handles = {prompt[0]: one and one.handle for one, prompt in prompts.items()}
    for fed, used in zip(backend.fed, backend.computed_with, strict=True):
        assert {handles[key] for key in fed} == {used}


def test_a_prefill_takes_no_turn_from_a_draft():
    backend = ScriptedBackend()
    bench = Bench(backend)
    ana = bench.load("ana")
    text = bench.submit(backend.says("a", forever=True), max_tokens=30)
    bench.step()
    ahead = bench.submit(backend.says("b", prompt_size=900), cache_key="c", prefill_only=True, adapter=ana)

    bench.step(29)

    assert bench.text(text) == "a" * 30
    bench.run()
    assert bench.reason(ahead) is FinishReason.STOP


def test_loading_takes_nothing_from_work_that_runs():
    backend = ScriptedBackend()
    bench = Bench(backend, EngineOptions(spill_bytes=100_000))
    prompt = backend.says(*"abcdef", prompt_size=40)
    running = [bench.submit(prompt), bench.submit(backend.says(*"uvwxyz"))]
    bench.step(3)

    bench.load("ana")
    bench.run()

    assert [bench.text(stream) for stream in running] == ["abcdef", "uvwxyz"]
    assert sum(step.get(prompt[0], 0) for step in backend.fed) == 40 + 6, "its cache came back from the host's memory"


def test_loading_waits_for_deterministic_work():
    backend = ScriptedBackend()
    bench = Bench(backend)
    alone = bench.submit(backend.says(*"abcd"), deterministic=True, sampling=GREEDY)
    bench.step(2)
    loaded: list[Adapter | None] = []
    bench.stepper.load_adapter(AdapterFile("ana", Path("/none"), ""), lambda one, _: loaded.append(one))
    bench.step()
    assert not loaded

    bench.run()

    assert bench.text(alone) == "abcd"
    assert [one and one.id for one in loaded] == ["ana"]


def test_an_adapter_that_cannot_be_loaded_harms_no_other():
    backend = ScriptedBackend()
    backend.unusable.add("bad")
    bench = Bench(backend)
    running = bench.submit(backend.says(*"abcdef"))
    bench.step(2)

    with pytest.raises(AdapterUnusable):
        bench.load("bad")
    bench.run()

    assert bench.text(running) == "abcdef"


def test_an_adapter_is_freed_only_after_the_last_work_that_began_with_it():
    backend = ScriptedBackend(sequences=1)
    bench = Bench(backend)
    ana = bench.load("ana")
    streams = [bench.submit(backend.says(*"abc"), adapter=ana) for _ in range(2)]
    bench.step()

    bench.stepper.retire_adapter(ana)
    bench.step(2)
    assert backend.adapters == {"ana"}
    bench.run()

    assert [bench.text(stream) for stream in streams] == ["abc", "abc"]
    assert backend.adapters == set()


def test_no_adapter_continues_the_sequence_of_another():
    backend = ScriptedBackend()
    bench = Bench(backend)
    ana = bench.load("ana")
    prompt = backend.says("a", prompt_size=20)
    bench.submit(prompt, cache_key="c", adapter=ana)
    bench.run()

    streams = [bench.submit(prompt, cache_key="c", adapter=one) for one in (None, ana)]
    bench.run()

    assert [bench.finished(stream).cached_tokens for stream in streams] == [0, 19]


def test_loading_an_adapter_fails_when_the_model_ends():
    bench = Bench(ScriptedBackend())
    heard: list[Exception | None] = []
    bench.stepper.load_adapter(AdapterFile("ana", Path("/none"), ""), lambda _, error: heard.append(error))

    bench.stepper.fail_all(Unavailable("the model was stopped"))

    assert [type(error) for error in heard] == [Unavailable]


def test_loading_an_adapter_that_breaks_the_model_fails():
    class Broken(ScriptedBackend):
        def add_adapter(self, file: AdapterFile) -> object:
            raise ModelUnusable("no room for a context")

    bench = Bench(Broken())
    heard: list[Exception | None] = []
    bench.stepper.load_adapter(AdapterFile("ana", Path("/none"), ""), lambda _, error: heard.append(error))
    with pytest.raises(ModelUnusable):
        bench.step()

    bench.stepper.fail_all(Unavailable("the model failed"))

    assert [type(error) for error in heard] == [Unavailable]
