"""The share of a step that prompts get follows the measured cost."""

from llama_worker.engine.prefill_budget import MIN_TOKENS, MIN_TOKENS_ALONE, PrefillBudget


def test_an_unknown_machine_gets_the_careful_chunk():
    assert PrefillBudget(alone=512, beside=256, step_seconds=0.25).tokens(others_decode=False) == 256


def test_a_fast_machine_prefills_as_much_as_is_allowed():
    budget = PrefillBudget(alone=512, beside=256, step_seconds=0.25)
    budget.record(256, 0.001)

    assert budget.tokens(others_decode=False) == 512
    assert budget.tokens(others_decode=True) == 256


def test_a_slow_machine_prefills_the_power_of_two_that_fits():
    budget = PrefillBudget(alone=512, beside=256, step_seconds=0.25)
    budget.record(256, 1.0)

    assert budget.tokens(others_decode=True) == 64


def test_even_the_slowest_machine_makes_progress():
    budget = PrefillBudget(alone=512, beside=256, step_seconds=0.25)
    budget.record(256, 1000.0)

    assert budget.tokens(others_decode=True) == MIN_TOKENS
    assert budget.tokens(others_decode=False) == MIN_TOKENS_ALONE


def test_steps_without_a_prompt_teach_nothing():
    budget = PrefillBudget(alone=512, beside=256, step_seconds=0.25)
    budget.record(0, 5.0)

    assert budget.tokens(others_decode=True) == 256
