"""Whatever happens on a Mac and to the processes between, the server ends up with what the Mac says."""

import itertools
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.histories.history import History
from tests.histories.steps import STEPS, Step
from tests.histories.world import World, running_world

# `make test` plays some; HISTORIES=500 plays as many as the claim of docs/AGENT.md was made with.
_COUNT = int(os.environ.get("HISTORIES", "60"))
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def world(open_directory: Path) -> AsyncIterator[World]:
    """The servers that die; all histories of this module are played against them."""
    async with running_world(open_directory) as world:
        yield world


# Seconds: each history kills processes and waits until the system has reaped them, which a busy machine does late.
@pytest.mark.timeout(600 + 5 * _COUNT)
@given(steps=STEPS)
@settings(
    max_examples=_COUNT,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
async def test_after_any_history_the_server_shows_what_the_mac_has(world: World, steps: list[Step]):
    with tempfile.TemporaryDirectory() as folder:
        await History(world, Path(folder) / "chat.db", next(_numbers)).play(steps)
