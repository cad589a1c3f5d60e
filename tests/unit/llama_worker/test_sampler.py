"""Drawing from a row of logits with llama.cpp's own samplers; no model is needed."""

import numpy as np
import pytest

from llama_worker.engine.request import Sampling
from llama_worker.llama.sampler import LlamaSampler, Outputs
from llama_worker.llama.workspace import Row, Workspace

SIZE = 1000


def logits(**high: float) -> Row:
    row = np.zeros(SIZE, np.float32)
    for token, value in high.items():
        row[int(token[1:])] = value
    return row


def sampler(
    row: Row, sampling: Sampling, seed: int = 1, history: tuple[int, ...] = (), silent: tuple[int, ...] = ()
) -> LlamaSampler:
    outputs = Outputs(lambda _: row, Workspace(SIZE), np.array(silent, np.int32))
    return LlamaSampler(outputs, sampling, seed, history)


def draws(row: Row, sampling: Sampling, count: int = 50, seed: int = 1) -> list[int]:
    drawing = sampler(row, sampling, seed)
    drawn = [drawing.sample(0).token for _ in range(count)]
    drawing.close()
    return drawn


def test_temperature_zero_takes_the_likeliest():
    assert set(draws(logits(t7=5.0, t8=4.9), Sampling(temperature=0, repeat_penalty=1.0))) == {7}


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_suggestion_begins_with_visible_text(temperature):
    row = logits(t7=20.0, t8=10.0)
    before = row.copy()
    drawing = sampler(row, Sampling(temperature=temperature, repeat_penalty=1.0), silent=(7, 9))

    assert [drawing.sample(0).token for _ in range(2)] == [8, 7]
    assert (row == before).all()


def test_the_log_probability_is_the_models_own_whatever_the_sampling():
    row = logits(t7=5.0)
    exact = 5.0 - np.log(np.exp(5.0) + SIZE - 1)

    choice = sampler(row, Sampling(temperature=0.1, top_k=1, repeat_penalty=2.0), history=(7,)).sample(0)

    assert choice.token == 7
    assert choice.logprob == pytest.approx(exact, abs=1e-4)


def test_top_k_leaves_the_rest_out():
    row = logits(t1=3.0, t2=3.0, t3=3.0)

    assert set(draws(row, Sampling(temperature=2.0, top_k=3, top_p=1.0, min_p=0.0, repeat_penalty=1.0))) == {1, 2, 3}


def test_top_p_and_min_p_leave_the_unlikely_out():
    row = logits(t1=20.0, t2=10.0)

    assert set(draws(row, Sampling(temperature=1.0, top_k=100, top_p=0.9, min_p=0.0, repeat_penalty=1.0))) == {1}
    assert set(draws(row, Sampling(temperature=1.0, top_k=100, top_p=1.0, min_p=0.5, repeat_penalty=1.0))) == {1}


def test_a_seed_repeats_and_zero_is_one():
    row = logits()
    hot = Sampling(temperature=2.0, top_k=500, top_p=1.0, min_p=0.0, repeat_penalty=1.0)

    assert draws(row, hot, seed=0) == draws(row, hot, seed=0)
    assert draws(row, hot, seed=0) != draws(row, hot, seed=1)


def test_the_repeat_penalty_turns_to_another_token_and_leaves_the_row_as_it_was():
    row = logits(t1=5.0, t2=4.0)
    before = row.copy()
    greedy = sampler(row, Sampling(temperature=0, repeat_penalty=2.0))

    assert [greedy.sample(0).token, greedy.sample(0).token] == [1, 2]
    assert np.array_equal(row, before)


def test_the_penalty_makes_negative_logits_less_likely_too():
    row = np.full(SIZE, -10.0, np.float32)
    row[1], row[2] = -1.0, -1.5

    assert sampler(row, Sampling(temperature=0, repeat_penalty=2.0), history=(1,)).sample(0).token == 2


def test_an_output_that_is_no_number_is_an_error():
    row = np.full(SIZE, np.nan, np.float32)

    with pytest.raises(ArithmeticError):
        sampler(row, Sampling()).sample(0)
