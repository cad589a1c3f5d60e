"""The real SmolLM2, loaded once for the tests that share it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llama_worker.llama.backend import ContextOptions
from tests.integration.llama_worker.running import RunningModel, running_model


@pytest.fixture(scope="session")
async def smollm(model_path: Path) -> AsyncIterator[RunningModel]:
    async with running_model(
        model_path, ContextOptions(sequences=8, context_size=1024, pool_size=2048, threads=2)
    ) as model:
        yield model
