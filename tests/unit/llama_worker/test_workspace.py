"""The arithmetic over a row of logits, against the plain formula."""

import numpy as np
import pytest

from llama_worker.llama.workspace import Workspace, likeliest

SIZE = 5003


def row(scale: float = 3.0, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=SIZE) * scale + shift).astype(np.float32)


# Logits around 0 take the quick way; far from it the sum leaves the range of a float32.
@pytest.mark.parametrize("shift", [0.0, 20.0, 200.0, -200.0])
def test_log_sum_exp_is_that_of_the_formula(shift: float):
    logits = row(shift=shift)
    exact = np.log(np.exp(logits.astype(np.float64) - shift).sum()) + shift

    assert Workspace(SIZE).log_sum_exp(logits) == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize("count", [1, 5, 19, 20, 40, 1000, SIZE, SIZE * 2])
@pytest.mark.parametrize("seed", range(3))
def test_the_likeliest_are_among_the_candidates(count: int, seed: int):
    logits = row(seed=seed)

    candidates = set(likeliest(logits, count))

    assert set(np.argsort(logits)[-count:]) <= candidates
    assert len(candidates) <= max(count * 4, count + 64) or count >= SIZE


def test_equal_logits_are_all_candidates():
    assert len(likeliest(np.zeros(SIZE, np.float32), 10)) == SIZE
