"""What threads find out about rows beforehand, against what a sampler finds by itself."""

from collections.abc import Iterator

import numpy as np
import pytest

from inference_svc.worker.engine.backend import Choice
from inference_svc.worker.engine.request import Sampling
from inference_svc.worker.llama.sampler import LlamaSampler, Outputs
from inference_svc.worker.llama.survey import DEPTH, Rows, Seen, Survey
from inference_svc.worker.llama.workspace import Workspace

SIZE, COUNT = 40_003, 17
SILENT = np.arange(500, dtype=np.int32)


@pytest.fixture
def survey() -> Iterator[Survey]:
    survey = Survey(SIZE, threads=3)
    yield survey
    survey.close()


def rows(seed: int = 1) -> Rows:
    return (np.random.default_rng(seed).normal(size=(COUNT, SIZE)) * 3).astype(np.float32)


def test_each_row_gets_its_own_sum_and_its_largest(survey: Survey):
    logits = rows()

    seen = survey.look(logits)

    assert len(seen) == COUNT
    for row, (normalizer, likeliest) in zip(logits, seen, strict=True):
        assert normalizer == pytest.approx(Workspace(SIZE).log_sum_exp(row), abs=1e-4)
        assert set(np.argsort(row)[-DEPTH:]) <= set(likeliest)
        assert len(likeliest) < DEPTH * 2


@pytest.mark.parametrize("shift", [200.0, -200.0])
def test_sums_out_of_range_are_as_exact(survey: Survey, shift: float):
    logits = rows()
    near = [seen.normalizer for seen in survey.look(logits)]

    far = [seen.normalizer for seen in survey.look(logits + np.float32(shift))]

    assert far == pytest.approx([normalizer + shift for normalizer in near], abs=1e-3)


def test_little_work_is_left_to_the_samplers(survey: Survey):
    assert survey.look(rows()[:2]) == []
    assert survey.look(np.zeros((200, 320), np.float32)) == []


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=0),
        Sampling(temperature=2.0, top_k=64, top_p=1.0, min_p=0.0, repeat_penalty=1.0),
        Sampling(temperature=1.5, top_p=1.0, min_p=0.0, repeat_penalty=2.0),
        # Not to be served by what was found: a penalty that raises, and more candidates than were looked for.
        Sampling(temperature=1.5, top_p=1.0, min_p=0.0, repeat_penalty=0.5),
        Sampling(temperature=2.0, top_k=1000, top_p=1.0, min_p=0.0),
    ],
)
def test_the_same_seed_writes_the_same_with_and_without(survey: Survey, sampling: Sampling):
    steps = [rows(seed) for seed in range(8)]

    helped = [drawn(steps, sampling, number, survey) for number in range(COUNT)]
    alone = [drawn(steps, sampling, number, None) for number in range(COUNT)]

    assert [[choice.token for choice in draft] for draft in helped] == [
        [choice.token for choice in draft] for draft in alone
    ]
    for one, other in zip(helped, alone, strict=True):
        assert [choice.logprob for choice in one] == pytest.approx([choice.logprob for choice in other], abs=1e-4)


def test_a_row_that_is_no_number_is_refused(survey: Survey):
    logits = rows()
    logits[3, 7] = np.nan
    seen = survey.look(logits)
    outputs = Outputs(lambda output: logits[output], Workspace(SIZE), SILENT, lambda output: seen[output])

    with pytest.raises(ArithmeticError):
        LlamaSampler(outputs, Sampling(), 1, []).sample(3)
    assert LlamaSampler(outputs, Sampling(), 1, []).sample(4).logprob < 0


def drawn(steps: list[Rows], sampling: Sampling, number: int, survey: Survey | None) -> list[Choice]:
    """What the sampler of one row draws step by step, from rows that are copied, since it writes into them."""
    current: list[Rows] = [steps[0]]
    seen: list[Seen] = []
    outputs = Outputs(
        lambda output: current[0][output], Workspace(SIZE), SILENT, lambda output: seen[output] if seen else None
    )
    sampler = LlamaSampler(outputs, sampling, 5, [])
    choices = []
    for step in steps:
        current[0] = step.copy()
        seen[:] = survey.look(current[0]) if survey else []
        choices.append(sampler.sample(number))
    sampler.close()
    return choices
