"""A worker that waits for its model, and `assistant models pull` beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from assistant.inference.v1 import sampling_pb2

from tests.integration.llama_worker.test_service import worker
from tests.integration.model_files.fake_hub import FakeHub, serving
from tests.integration.model_files.machine import Machine


@pytest.fixture
def machine(tmp_path: Path, model_path: Path) -> Iterator[Machine]:
    # The packaged model under another name: the worker does not care.
    with serving(FakeHub("TheBloke/phi-2-GGUF", "phi-2.Q4_K_M.gguf", model_path.read_bytes())) as hub:
        yield Machine(tmp_path, hub)


async def test_a_worker_takes_its_model_as_soon_as_it_was_pulled(machine: Machine):
    async with worker(machine.cache, model_id="phi-2") as caller:
        status = await caller.reaches(sampling_pb2.MODEL_STATE_FAILED)
        assert "run `assistant models pull phi-2`" in status.message

        assert (await machine.run("pull", "phi-2"))[0] == 0

        status = await caller.reaches(sampling_pb2.MODEL_STATE_READY)
        assert status.model_sha256 == machine.hub.sha256
        assert await caller.is_serving()
