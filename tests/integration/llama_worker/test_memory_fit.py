"""The computed sizes beside those that llama.cpp reports, with the real model; and a model that does not fit."""

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import llama_cpp.llama_cpp as lib
import pytest
from assistant.inference.v1 import sampling_pb2

from llama_worker.engine.model import LoadedModel, ModelFileUnusable, ModelUnusable
from llama_worker.llama import library
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.gguf_header import read_header
from llama_worker.llama.memory_fit import HOST_ALLOWANCE, Load, MachineMemory, Memory, host_need
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.model_shape import ModelShape, shape_of
from llama_worker.llama.source import Hardware, LlamaSource
from llama_worker.llama.tokenizer import Tokenizer
from model_files.files import ModelFiles, load_manifest
from tests.integration.llama_worker.test_service import worker
from tests.random_recurrent import write_hybrid, write_mamba

MIB = 1 << 20


@pytest.fixture(scope="module")
def shape(model_path: Path) -> ModelShape:
    shape = shape_of(read_header(model_path))
    assert shape is not None
    return shape


@pytest.fixture(scope="module")
def model(model_path: Path) -> Iterator[LlamaModel]:
    model = LlamaModel(model_path, 0, lambda _: True)
    yield model
    model.close()


@contextmanager
def heard() -> Iterator[list[str]]:
    """What llama.cpp says meanwhile."""
    pieces: list[str] = []
    callback = lib.llama_log_callback(lambda _level, text, _: pieces.append(text.decode("utf-8", "replace")))
    lib.llama_log_set(callback, ctypes.c_void_p(0))
    try:
        yield pieces
    finally:
        lib.llama_log_set(library._callback, ctypes.c_void_p(0))


def reported(pieces: list[str], buffer: str) -> float:
    sizes = re.findall(rf"CPU\s+{buffer} buffer size =\s+([\d.]+) MiB", "".join(pieces))
    assert sizes
    return float(sizes[-1])


def test_the_weights_are_those_that_llama_cpp_counts(model: LlamaModel, shape: ModelShape):
    need = host_need(Load(shape, 256, 1, 512, 0))

    assert need.weights == lib.llama_model_size(model.handle)


def test_the_cache_follows_from_the_hyper_parameters(model: LlamaModel, shape: ModelShape):
    layers, heads = lib.llama_model_n_layer(model.handle), lib.llama_model_n_head_kv(model.handle)
    width = lib.llama_model_n_embd(model.handle) // lib.llama_model_n_head(model.handle)

    assert host_need(Load(shape, 2048, 1, 512, 0)).cache == 2 * layers * heads * width * 2 * 2048


@pytest.mark.parametrize(("cells", "sequences", "batch"), [(1000, 8, 512), (8192, 8, 512), (4096, 64, 128)])
def test_the_buffers_are_those_that_llama_cpp_makes(
    model_path: Path, shape: ModelShape, cells: int, sequences: int, batch: int
):
    model = LlamaModel(model_path, 0, lambda _: True)
    with heard() as pieces:
        backend = LlamaBackend(model, Tokenizer(model), ContextOptions(sequences, cells, cells, 2, batch))
    backend.close()

    need = host_need(Load(shape, cells, sequences, batch, 0))
    assert reported(pieces, "KV") == pytest.approx(need.cache / MIB, abs=0.01)
    # The estimate is a bound, and not a wild one.
    buffers = reported(pieces, "compute") + reported(pieces, "output")
    assert buffers <= (need.compute - HOST_ALLOWANCE) / MIB <= 2.5 * buffers


@pytest.mark.parametrize("write", [write_mamba, write_hybrid])
def test_the_states_of_recurrent_layers_count_for_each_sequence(write: Callable[[Path], Path], tmp_path: Path):
    path = write(tmp_path / "recurrent.gguf")
    model = LlamaModel(path, 0, lambda _: True)
    with heard() as pieces:
        backend = LlamaBackend(model, Tokenizer(model), ContextOptions(128, 256, 2048, 2))
    backend.close()

    shape = shape_of(read_header(path))
    assert shape is not None
    states = 128 * sum(layer.state for layer in shape.layers)
    cells = 2048 * sum(layer.cell for layer in shape.layers)
    assert reported(pieces, "RS") == pytest.approx(states / MIB, abs=0.006)
    assert host_need(Load(shape, 2048, 128, 512, 0)).cache == states + cells
    assert (cells > 0) == (write is write_hybrid)


def load(tmp_path: Path, free: int, total: int, check: bool = True) -> LoadedModel:
    memory = MachineMemory(Memory(free * MIB, total * MIB))
    hardware = Hardware(ContextOptions(8, 1024, 2048, 2), 0, check, lambda: memory)
    source = LlamaSource(ModelFiles(load_manifest(), tmp_path), "", "smollm2-135m-instruct", hardware)
    return source.load(lambda _: True)


def test_memory_that_others_hold_is_waited_for(tmp_path: Path):
    with pytest.raises(ModelUnusable, match=r"smollm2-135m-instruct does not fit: it needs 0\.3 GB") as raised:
        load(tmp_path, free=200, total=4000)

    assert not isinstance(raised.value, ModelFileUnusable)


def test_memory_that_is_not_there_is_not_waited_for(tmp_path: Path):
    with pytest.raises(ModelFileUnusable, match="does not fit"):
        load(tmp_path, free=200, total=220)


def test_the_operator_may_know_better(tmp_path: Path):
    loaded = load(tmp_path, free=1, total=1, check=False)

    assert loaded.sha256
    loaded.backend.close()


async def test_a_model_that_does_not_fit_is_said_in_status(tmp_path: Path):
    settings = {"model_id": "smollm2-135m-instruct", "context_size": 1_048_576, "sequences": 256}
    async with worker(tmp_path, **settings) as caller:
        status = await caller.reaches(sampling_pb2.MODEL_STATE_FAILED)

        assert "smollm2-135m-instruct does not fit" in status.message
        assert "ML_SERVICE_CACHE_TOKENS" in status.message
        assert "\n" not in status.message
        assert not await caller.is_serving()
