"""The llama.cpp context behind the engine's Protocol."""

from pathlib import Path

import numpy as np
import pytest

from llama_worker.engine.backend import Choice, Span
from llama_worker.engine.request import Sampling
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.tokenizer import Tokenizer
from svc_kit.errors import Unavailable

GREEDY = Sampling(temperature=0)
TOKENS = [100, 200, 300]


@pytest.fixture
def backend(model_path: Path):
    """One with a cache that all sequences share."""
    yield from with_context(model_path, ContextOptions(4, 256, 256, 2))


@pytest.fixture(params=[256, 1024], ids=["pool", "split"])
def either(request: pytest.FixtureRequest, model_path: Path):
    """The same, and one in which each sequence has its own."""
    yield from with_context(model_path, ContextOptions(4, 256, request.param, 2))


def with_context(model_path: Path, options: ContextOptions):
    model = LlamaModel(model_path, 0, lambda _: True)
    backend = LlamaBackend(model, Tokenizer(model), options)
    yield backend
    backend.close()


def next_token(backend: LlamaBackend, output: int = 0) -> Choice:
    return backend.sampler(GREEDY, 1, []).sample(output)


def test_a_rebuilt_context_works_like_the_first(backend: LlamaBackend):
    assert backend.decode([Span(0, 0, TOKENS, True)]) == 0
    before = next_token(backend)

    backend.reset()

    assert backend.decode([Span(0, 0, TOKENS, True)]) == 0
    assert next_token(backend) == pytest.approx(before)


def test_a_prompt_in_pieces_and_a_shared_one_give_what_it_gives_whole(either: LlamaBackend):
    either.decode([Span(0, 0, TOKENS, True)])
    whole = next_token(either)
    either.decode([Span(1, 0, TOKENS[:2], False)])
    either.share(1, 2)

    assert either.decode([Span(1, 2, TOKENS[2:], True), Span(2, 2, TOKENS[2:], True)]) == 0

    for output in range(2):
        assert next_token(either, output).token == whole.token
        assert next_token(either, output).logprob == pytest.approx(whole.logprob, abs=0.05)


def test_a_full_cache_says_so_and_keeps_what_it_has(backend: LlamaBackend):
    prompt = (np.arange(250) % 1000 + 100).tolist()
    assert backend.decode([Span(0, 0, prompt, True)]) == 0

    assert backend.decode([Span(1, 0, TOKENS * 3, True)]) == 1

    assert backend.decode([Span(0, 250, [100], True)]) == 0


def test_a_forgotten_sequence_makes_room(backend: LlamaBackend):
    prompt = (np.arange(250) % 1000 + 100).tolist()
    backend.decode([Span(0, 0, prompt, False)])

    backend.forget(0)

    assert backend.decode([Span(1, 0, prompt, True)]) == 0


def test_a_broken_batch_is_a_code_and_not_the_end(backend: LlamaBackend):
    assert backend.decode([Span(0, 0, [10_000_000], True)]) < 0

    assert backend.decode([Span(0, 0, TOKENS, True)]) == 0


def test_a_closed_model_counts_nothing(model_path: Path):
    model = LlamaModel(model_path, 0, lambda _: True)
    tokenizer = Tokenizer(model)
    tokenizer.close()
    model.close()

    with pytest.raises(Unavailable):
        tokenizer.count(["hello"])


def test_a_loading_can_be_given_up(model_path: Path):
    heard: list[float] = []

    def give_up(done: float) -> bool:
        heard.append(done)
        return False

    with pytest.raises(Exception, match="cannot be loaded"):
        LlamaModel(model_path, 0, give_up)
    assert heard


def test_a_sequence_that_was_cut_continues_like_one_that_never_was_longer(either: LlamaBackend):
    either.decode([Span(0, 0, TOKENS, True)])
    whole = next_token(either)
    either.decode([Span(0, 3, [400, 500], False)])

    assert either.cut(0, 2)
    either.decode([Span(0, 2, TOKENS[2:], True)])

    assert next_token(either).token == whole.token
    assert next_token(either).logprob == pytest.approx(whole.logprob, abs=0.05)


def test_a_sequence_comes_back_from_memory_as_it_was(either: LlamaBackend):
    either.decode([Span(0, 0, TOKENS[:2], False)])
    saved = either.save(0, most=10_000_000)
    assert saved is not None
    either.decode([Span(0, 2, TOKENS[2:], True)])
    before = next_token(either)
    either.forget(0)

    assert either.restore(3, saved)
    either.decode([Span(3, 2, TOKENS[2:], True)])

    assert next_token(either) == before


def test_what_is_larger_than_allowed_is_not_saved(backend: LlamaBackend):
    backend.decode([Span(0, 0, TOKENS, False)])

    assert backend.save(0, most=1_000) is None


def test_a_state_that_does_not_fit_is_not_restored_and_harms_no_other(backend: LlamaBackend):
    backend.decode([Span(0, 0, (np.arange(200) % 1000 + 100).tolist(), False)])
    saved = backend.save(0, most=100_000_000)
    assert saved is not None

    assert not backend.restore(1, saved)

    assert backend.decode([Span(0, 200, [100], True), Span(1, 0, TOKENS, True)]) == 0
