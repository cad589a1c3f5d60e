"""Steps with so many logits that threads look at them beforehand."""

from pathlib import Path

import pytest

from llama_worker.engine.backend import DECODED, Choice, Span
from llama_worker.engine.request import Sampling
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.tokenizer import Tokenizer
from tests.random_model import Shape, write_model

SEQUENCES, STEPS = 16, 6


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "wide.gguf", Shape(vocabulary=40_000, speaks=True))


def written(path: Path, threads: int) -> list[list[Choice]]:
    model = LlamaModel(path, 0, lambda _: True)
    backend = LlamaBackend(model, Tokenizer(model), ContextOptions(SEQUENCES, 256, SEQUENCES * 256, threads))
    samplers = [backend.sampler(Sampling(temperature=1.5), seed, []) for seed in range(SEQUENCES)]
    tokens = [100 + sequence for sequence in range(SEQUENCES)]
    steps = []
    for step in range(STEPS):
        # The first sequences only prefill, so that outputs and spans are not the same numbers.
        spans = [Span(sequence, step, [token], sequence >= 2) for sequence, token in enumerate(tokens)]
        assert backend.decode(spans) == DECODED
        choices = [sampler.sample(output) for output, sampler in enumerate(samplers[2:])]
        tokens[2:] = [choice.token for choice in choices]
        steps.append(choices)
    for sampler in samplers:
        sampler.close()
    backend.close()
    return steps


def test_two_threads_write_what_one_writes(model_path: Path):
    alone, together = written(model_path, 1), written(model_path, 2)

    assert [[choice.token for choice in step] for step in together] == [
        [choice.token for choice in step] for step in alone
    ]
    for one, other in zip(alone, together, strict=True):
        assert [choice.logprob for choice in one] == pytest.approx([choice.logprob for choice in other], abs=1e-3)
