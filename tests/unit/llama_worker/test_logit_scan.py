"""What threads find out about rows beforehand, against what a sampler finds by itself."""

from collections.abc import Iterator

import numpy as np
import pytest

from llama_worker.engine.backend import Choice
from llama_worker.engine.request import Sampling
from llama_worker.llama.logit_scan import DEPTH, LogitScan, Rows, RowStats
from llama_worker.llama.sampler import LlamaSampler, Outputs
from llama_worker.llama.workspace import Workspace

SIZE, COUNT = 40_003, 17
SILENT = np.arange(500, dtype=np.int32)


@pytest.fixture
def scan() -> Iterator[LogitScan]:
    scan = LogitScan(SIZE, threads=3)
    yield scan
    scan.close()


def rows(seed: int = 1) -> Rows:
    return (np.random.default_rng(seed).normal(size=(COUNT, SIZE)) * 3).astype(np.float32)


def test_each_row_gets_its_own_sum_and_its_largest(scan: LogitScan):
    logits = rows()

    stats = scan.scan(logits)

    assert len(stats) == COUNT
    for row, (normalizer, likeliest) in zip(logits, stats, strict=True):
        assert normalizer == pytest.approx(Workspace(SIZE).log_sum_exp(row), abs=1e-4)
        assert set(np.argsort(row)[-DEPTH:]) <= set(likeliest)
        assert len(likeliest) < DEPTH * 2


@pytest.mark.parametrize("shift", [200.0, -200.0])
def test_sums_out_of_range_are_as_exact(scan: LogitScan, shift: float):
    logits = rows()
    near = [stats.normalizer for stats in scan.scan(logits)]

    far = [stats.normalizer for stats in scan.scan(logits + np.float32(shift))]

    assert far == pytest.approx([normalizer + shift for normalizer in near], abs=1e-3)


def test_little_work_is_left_to_the_samplers(scan: LogitScan):
    assert scan.scan(rows()[:2]) == []
    assert scan.scan(np.zeros((200, 320), np.float32)) == []


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
def test_the_same_seed_samples_the_same_with_and_without(scan: LogitScan, sampling: Sampling):
    steps = [rows(seed) for seed in range(8)]

    helped = [drawn(steps, sampling, number, scan) for number in range(COUNT)]
    alone = [drawn(steps, sampling, number, None) for number in range(COUNT)]

    assert [[choice.token for choice in draft] for draft in helped] == [
        [choice.token for choice in draft] for draft in alone
    ]
    for one, other in zip(helped, alone, strict=True):
        assert [choice.logprob for choice in one] == pytest.approx([choice.logprob for choice in other], abs=1e-4)


def test_a_row_that_is_no_number_is_refused(scan: LogitScan):
    logits = rows()
    logits[3, 7] = np.nan
    stats = scan.scan(logits)
    outputs = Outputs(lambda output: logits[output], Workspace(SIZE), SILENT, lambda output: stats[output])

    with pytest.raises(ArithmeticError):
        LlamaSampler(outputs, Sampling(), 1, []).sample(3)
    assert LlamaSampler(outputs, Sampling(), 1, []).sample(4).logprob < 0


def drawn(steps: list[Rows], sampling: Sampling, number: int, scan: LogitScan | None) -> list[Choice]:
    """The choices of one sampler, step by step, from copies of the rows: it writes into them."""
    current: list[Rows] = [steps[0]]
    stats: list[RowStats] = []
    outputs = Outputs(
        lambda output: current[0][output], Workspace(SIZE), SILENT, lambda output: stats[output] if stats else None
    )
    sampler = LlamaSampler(outputs, sampling, 5, [])
    choices = []
    for step in steps:
        current[0] = step.copy()
        stats[:] = scan.scan(current[0]) if scan else []
        choices.append(sampler.sample(number))
    sampler.close()
    return choices
