"""Where the state of a model that cannot rewind is marked, and which prompts start from there."""

import pytest

from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import Sampling
from llama_worker.engine.sequences import MARKS, Sequences
from tests.unit.llama_worker.scripted import Bench, ScriptedBackend
from tests.unit.llama_worker.test_sequences import filled

NEAR, FAR = MARKS
SIZE = 150


def recurrent(spill_bytes: int = 100_000, **sizes: int) -> Bench:
    backend = ScriptedBackend(**sizes)
    backend.can_cut = False
    return Bench(backend, EngineOptions(spill_bytes=spill_bytes))


def cached_tokens(bench: Bench, prompt: list[int], **options: object) -> int:
    """How many tokens of the prompt a draft did not have to prefill."""
    stream = bench.submit(prompt, **options)
    bench.run()
    return bench.finished(stream).cached_tokens


def test_the_next_prompt_starts_from_the_mark_before_it_differs():
    bench = recurrent()
    prompt = bench.backend.says("a", "b", prompt_size=SIZE)
    cached_tokens(bench, prompt, cache_key="c")
    grown = [*prompt[: -FAR + 4], 9, 9, 9, *prompt[-FAR + 4 :]]
    bench.backend.scripts[prompt[0]].prompt_size = len(grown)

    assert cached_tokens(bench, grown, cache_key="c") == SIZE - FAR
    # It has left marks of its own.
    assert cached_tokens(bench, grown, cache_key="c") == len(grown) - NEAR


def test_the_same_prompt_starts_from_the_last_mark_any_number_of_times():
    bench = recurrent()
    prompt = bench.backend.says("a", prompt_size=SIZE)

    assert [cached_tokens(bench, prompt, cache_key="c") for _ in range(3)] == [0, SIZE - NEAR, SIZE - NEAR]


def test_a_prompt_that_differs_before_the_marks_is_prefilled_whole():
    bench = recurrent()
    prompt = bench.backend.says("a", prompt_size=SIZE)
    cached_tokens(bench, prompt, cache_key="c")

    assert cached_tokens(bench, [*prompt[:50], 9, *prompt[51:]], cache_key="c") == 0


@pytest.mark.parametrize("other", [{"cache_key": "d"}, {"cache_key": "c", "account_id": "other"}, {}])
def test_no_conversation_starts_from_the_mark_of_another(other: dict[str, str]):
    bench = recurrent()
    prompt = bench.backend.says("a", prompt_size=SIZE)
    cached_tokens(bench, prompt, cache_key="c")

    assert cached_tokens(bench, prompt, **other) == 0


def test_deterministic_work_neither_makes_nor_uses_marks():
    bench = recurrent()
    prompt = bench.backend.says("a", prompt_size=SIZE)

    drafts = [
        cached_tokens(bench, prompt, cache_key="c", deterministic=True, sampling=Sampling(seed=1)) for _ in range(2)
    ]

    assert drafts == [0, 0]
    assert bench.stepper.counts.spilled_bytes == 0


def test_marks_stay_within_spill_bytes_and_the_longest_unused_is_dropped_first():
    backend = ScriptedBackend(sequences=2)
    backend.can_cut = False
    sequences = Sequences(backend, spill_bytes=100)
    for key, token in (("ana", 1), ("ben", 2), ("cleo", 3)):
        sequence = filled(backend, sequences, [token] * 4)
        sequences.mark(key, NEAR, sequence, [token] * 4)
        sequences.release(sequence)
        assert sequences.spilled_bytes <= 100
        # Ana's is used between the others.
        if resumed := sequences.resume("ana", [1] * 5, 4):
            sequences.release(resumed[0])

    assert sequences.spilled_bytes == 80
    assert sequences.resume("ben", [2] * 5, 4) is None
    assert sequences.resume("ana", [1] * 5, 4) == (0, 4)


def test_without_memory_for_marks_all_is_prefilled_again():
    bench = recurrent(spill_bytes=0)
    prompt = bench.backend.says("a", prompt_size=SIZE)

    assert [cached_tokens(bench, prompt, cache_key="c") for _ in range(2)] == [0, 0]


def test_a_model_that_can_go_back_is_not_stopped_at_marks():
    bench = Bench(ScriptedBackend(batch_size=512), EngineOptions(spill_bytes=100_000))
    prompt = bench.backend.says("a", prompt_size=SIZE)

    cached_tokens(bench, prompt, cache_key="c")

    assert bench.backend.fed[0] == {prompt[0]: SIZE}
    assert bench.stepper.counts.spilled_bytes == 0
