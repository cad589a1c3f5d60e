"""LoRA adapters on the real model."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from llama_worker.engine.adapters import AdapterFile, AdapterUnusable
from llama_worker.engine.backend import Span
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import Sampling
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.tokenizer import Tokenizer
from svc_kit.errors import NotFound
from tests.integration.llama_worker.made_adapter import write_adapter
from tests.integration.llama_worker.running import RunningModel, running_model

GREEDY = Sampling(temperature=0)
TOKENS = [100, 200, 300, 400]


def file(path: Path, name: str = "ana", scale: float = 1.0) -> AdapterFile:
    return AdapterFile(name, path, "", scale)


@pytest.fixture
def backend(model_path: Path):
    model = LlamaModel(model_path, 0, lambda _: True)
    model.sha256 = "a" * 64
    backend = LlamaBackend(model, Tokenizer(model), ContextOptions(4, 256, 256, 2))
    yield backend
    backend.close()


@pytest.fixture
def adapter_path(model_path: Path, tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "ana.gguf", model_path)


def logits(backend: LlamaBackend) -> np.ndarray:
    backend.forget(0)
    assert backend.decode([Span(0, 0, TOKENS, True)]) == 0
    return backend._row(0).copy()


def test_an_adapter_changes_what_the_model_says_and_unset_it_changes_not_a_bit(
    backend: LlamaBackend, adapter_path: Path
):
    before = logits(backend)
    handle = backend.add_adapter(file(adapter_path))
    loaded = logits(backend)
    backend.use_adapter(handle)
    used = logits(backend)
    backend.use_adapter(None)
    unset = logits(backend)
    backend.remove_adapter(handle)

    assert np.array_equal(before, loaded)
    assert np.array_equal(before, unset)
    assert np.array_equal(before, logits(backend))
    assert np.abs(used - before).max() > 0.5


def test_two_adapters_at_once_stay_apart_and_each_has_its_scale(
    backend: LlamaBackend, model_path: Path, tmp_path: Path
):
    paths = [write_adapter(tmp_path / f"{seed}.gguf", model_path, seed=seed) for seed in (1, 2)]
    base = logits(backend)
    first, second = (backend.add_adapter(file(path, path.stem)) for path in paths)
    silent = backend.add_adapter(file(paths[0], "silent", scale=0.0))

    said = []
    for handle in (first, second, first, silent):
        backend.use_adapter(handle)
        said.append(logits(backend))

    assert np.array_equal(said[0], said[2])
    assert np.abs(said[0] - said[1]).max() > 0.5
    assert np.allclose(said[3], base, atol=1e-3)


def test_a_context_that_is_rebuilt_still_knows_its_adapters(backend: LlamaBackend, adapter_path: Path):
    handle = backend.add_adapter(file(adapter_path))
    backend.use_adapter(handle)
    before = logits(backend)

    backend.reset()
    backend.use_adapter(handle)

    assert np.array_equal(before, logits(backend))


def test_an_adapter_for_another_model_is_refused(backend: LlamaBackend, model_path: Path, tmp_path: Path):
    other_kind = write_adapter(tmp_path / "kind.gguf", model_path, architecture="qwen2")
    other_base = write_adapter(tmp_path / "base.gguf", model_path, base_sha256="b" * 64)
    no_alpha = write_adapter(tmp_path / "alpha.gguf", model_path, alpha=0.0)
    none = tmp_path / "none.gguf"
    none.write_bytes(b"GGUF" + b"\0" * 100)
    before = logits(backend)

    for path, why in (
        (other_kind, "does not go with this model"),
        (other_base, "trained for another model"),
        (no_alpha, "no alpha"),
        (none, "damaged"),
    ):
        with pytest.raises(AdapterUnusable, match=why):
            backend.add_adapter(file(path))

    assert np.array_equal(before, logits(backend))


def test_an_adapter_for_this_model_by_its_checksum_is_taken(backend: LlamaBackend, model_path: Path, tmp_path: Path):
    handle = backend.add_adapter(file(write_adapter(tmp_path / "a.gguf", model_path, base_sha256="a" * 64)))

    backend.remove_adapter(handle)


@pytest.fixture
async def model(model_path: Path):
    options = ContextOptions(sequences=4, context_size=256, pool_size=1024, threads=2)
    async with running_model(model_path, options, EngineOptions(spill_bytes=100_000_000)) as model:
        yield model


async def test_drafts_continue_while_an_adapter_is_loaded_swapped_and_unloaded(
    model: RunningModel, model_path: Path, tmp_path: Path
):
    engine, prompt = model.engine, model.prompt("The best thing about spring is")
    base = await model.ask(prompt, max_tokens=24, sampling=GREEDY)
    running = asyncio.create_task(model.ask(prompt, max_tokens=24, sampling=GREEDY))

    await engine.load_adapter(file(write_adapter(tmp_path / "1.gguf", model_path, seed=1)))
    first = engine.adapter("ana")
    with_first = asyncio.create_task(model.ask(prompt, max_tokens=24, sampling=GREEDY, adapter=first))
    await asyncio.sleep(0)
    await engine.load_adapter(file(write_adapter(tmp_path / "2.gguf", model_path, seed=2)))
    second = engine.adapter("ana")
    with_second = asyncio.create_task(model.ask(prompt, max_tokens=24, sampling=GREEDY, adapter=second))
    await asyncio.sleep(0)
    assert engine.unload_adapter("ana")

    assert (await running).text == base.text
    assert second is not first
    assert len({base.text, (await with_first).text, (await with_second).text}) == 3
    assert engine.adapter_ids == []
    with pytest.raises(NotFound):
        engine.adapter("ana")
    assert (await model.ask(prompt, max_tokens=24, sampling=GREEDY)).text == base.text


async def test_the_same_file_again_is_not_loaded_twice(model: RunningModel, adapter_path: Path):
    await model.engine.load_adapter(file(adapter_path))
    loaded = model.engine.adapter("ana")

    await model.engine.load_adapter(file(adapter_path))

    assert model.engine.adapter("ana") is loaded
    model.engine.unload_adapter("ana")


@pytest.fixture
def damaged(adapter_path: Path, tmp_path: Path) -> Path:
    path = tmp_path / "damaged.gguf"
    path.write_bytes(adapter_path.read_bytes()[:5_000])
    return path


async def test_what_cannot_be_loaded_leaves_what_was_there(model: RunningModel, adapter_path: Path, damaged: Path):
    await model.engine.load_adapter(file(adapter_path))
    loaded = model.engine.adapter("ana")

    with pytest.raises(AdapterUnusable):
        await model.engine.load_adapter(file(damaged))

    assert model.engine.adapter("ana") is loaded
