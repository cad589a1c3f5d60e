"""A short soak of the engine; `python -m tests.soak_engine` is the long one."""

import pytest

from tests.soak_engine import soak

MAY_END = {"stop", "length", "deadline", "hung up", "prefilled", "Overloaded", "Unavailable"}


@pytest.mark.parametrize("model", ["llama", "mamba"])
async def test_whatever_goes_wrong_each_draft_ends_in_one_way_and_nothing_is_left(model: str):
    result = await soak(drafts=600, seed=7, clients=16, model=model)

    assert result.drafts == 600
    assert set(result.ends) <= MAY_END
    assert result.ends["length"] > 100
    assert (result.lost_sequences, result.lost_adapters, result.lost_tasks) == (0, 0, 0)
    assert result.preemptions > 0
    assert result.reused > 0
    assert (result.swaps > 0) is (model == "llama")
