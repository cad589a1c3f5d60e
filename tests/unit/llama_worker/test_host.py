"""The model's life: what is said while it loads, fails and comes back."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from llama_worker.engine.adapters import AdapterFile, AdapterUnusable
from llama_worker.engine.backend import Span
from llama_worker.engine.engine import Engine
from llama_worker.engine.events import Piece
from llama_worker.engine.host import HostOptions, HostState, ModelHost
from llama_worker.engine.model import LoadedModel, ModelFileUnusable, ModelUnusable, Progress
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest
from prompting.prompt_part import PromptPart
from svc_kit.errors import NotFound, Unavailable
from tests.deadline import eventually
from tests.unit.llama_worker.scripted import ScriptedBackend


class NoVocabulary:
    bos_text = eos_text = ""

    def prompt(self, parts: Iterable[PromptPart]) -> list[int]:
        return []

    def count(self, texts: Sequence[str]) -> list[int]:
        return []

    def grammar(self, gbnf: str, json_schema: str) -> str:
        return gbnf


class ScriptedSource:
    """A model file that a test replaces."""

    id = display_name = "scripted"
    prompt_style = "transcript"

    def __init__(self, load: Callable[[Progress], ScriptedBackend]) -> None:
        self.loader = load
        self.version = 0
        self.loads = 0

    def load(self, progress: Progress) -> LoadedModel:
        self.loads += 1
        return LoadedModel(self.loader(progress), NoVocabulary(), "", "")

    def fingerprint(self) -> Hashable:
        return self.version


def fails(error: Exception) -> Callable[[Progress], ScriptedBackend]:
    def load(progress: Progress) -> ScriptedBackend:
        raise error

    return load


def works(progress: Progress) -> ScriptedBackend:
    return ScriptedBackend()


@asynccontextmanager
async def hosting(source: ScriptedSource, options: EngineOptions | None = None) -> AsyncIterator[ModelHost]:
    host = ModelHost(source, options or EngineOptions(), HostOptions(watch_seconds=0.01, retry_seconds=0.01))
    host.start()
    try:
        yield host
    finally:
        await host.stop()


async def test_a_loading_model_says_how_far_it_is():
    go_on = threading.Event()

    def load(progress: Progress) -> ScriptedBackend:
        progress(0.4)
        go_on.wait()
        return ScriptedBackend()

    async with hosting(ScriptedSource(load)) as host:
        await eventually(lambda: host.load_progress == 0.4)
        assert host.state is HostState.LOADING
        with pytest.raises(Unavailable, match="being loaded"):
            host.loaded_engine()

        go_on.set()
        await eventually(lambda: host.state is HostState.READY)


async def test_a_loading_is_given_up_when_the_process_stops():
    given_up = threading.Event()

    def load(progress: Progress) -> ScriptedBackend:
        while progress(0.1):
            pass
        given_up.set()
        raise ModelFileUnusable("given up")

    source = ScriptedSource(load)
    async with hosting(source):
        await eventually(lambda: source.loads == 1)

    assert given_up.is_set()


async def test_a_bad_file_is_named_and_tried_again_only_when_it_changed():
    source = ScriptedSource(fails(ModelFileUnusable("not a GGUF file")))
    async with hosting(source) as host:
        await eventually(lambda: host.state is HostState.FAILED)
        with pytest.raises(Unavailable, match="not a GGUF file"):
            host.loaded_engine()
        for _ in range(5):
            await asyncio.to_thread(source.fingerprint)
        assert source.loads == 1

        source.loader, source.version = works, 1
        await eventually(lambda: host.state is HostState.READY)

    assert source.loads == 2


@pytest.mark.parametrize("error", [ModelUnusable("no memory"), RuntimeError("a surprise")])
async def test_other_trouble_is_tried_again_by_itself(error: Exception):
    source = ScriptedSource(fails(error))
    async with hosting(source) as host:
        await eventually(lambda: source.loads > 1)

        source.loader = works
        await eventually(lambda: host.state is HostState.READY)

    assert host.message == ""


async def test_a_model_that_breaks_is_loaded_again():
    class Broken(ScriptedBackend):
        def reset(self) -> None:
            raise RuntimeError("device lost")

    broken = Broken()
    broken.codes.append(-3)
    source = ScriptedSource(lambda progress: broken)
    async with hosting(source) as host:
        await eventually(lambda: host.state is HostState.READY)
        source.loader = works
        with pytest.raises(Unavailable):
            await _read(host.loaded_engine().engine, broken.says("a"))

        await eventually(lambda: source.loads == 2 and host.state is HostState.READY)


async def _read(engine: Engine, prompt: Sequence[int]) -> list[str]:
    async with engine.submit(GenerationRequest(prompt)) as events:
        return [event.text async for event in events if isinstance(event, Piece)]


async def test_of_too_many_adapters_the_one_used_the_longest_ago_is_unloaded():
    source = ScriptedSource(works)
    async with hosting(source, EngineOptions(adapters=2)) as host:
        await eventually(lambda: host.state is HostState.READY)
        for adapter_id in ("ana", "ben"):
            await host.load_adapter(AdapterFile(adapter_id, Path("/none"), ""))
        host.loaded_engine().engine.adapter("ana")

        await host.load_adapter(AdapterFile("cem", Path("/none"), ""))

        assert host.loaded_engine().engine.adapter_ids == ["ana", "cem"]
        with pytest.raises(NotFound):
            host.unload_adapter("ben")


async def test_a_model_that_comes_back_has_its_adapters_again():
    class Breakable(ScriptedBackend):
        def decode(self, spans: Sequence[Span]) -> int:
            raise RuntimeError("device lost")

    first = Breakable()
    source = ScriptedSource(lambda progress: first)
    async with hosting(source) as host:
        await eventually(lambda: host.state is HostState.READY)
        for adapter_id in ("ana", "ben"):
            await host.load_adapter(AdapterFile(adapter_id, Path("/none"), ""))
        host.unload_adapter("ben")
        source.loader = works
        with pytest.raises(Unavailable):
            await _read(host.loaded_engine().engine, first.says("a"))
        await eventually(lambda: source.loads == 2 and host.state is HostState.READY)

        assert host.loaded_engine().engine.adapter_ids == ["ana"]
        with pytest.raises(NotFound):
            host.unload_adapter("ben")


async def test_a_model_that_breaks_on_the_adapter_it_had_comes_back_without_it():
    class Breakable(ScriptedBackend):
        def decode(self, spans: Sequence[Span]) -> int:
            raise RuntimeError("device lost")

    class WithoutRoom(ScriptedBackend):
        def add_adapter(self, file: AdapterFile) -> object:
            raise ModelUnusable("no context can be made")

    first = Breakable()
    source = ScriptedSource(lambda progress: first)
    async with hosting(source) as host:
        await eventually(lambda: host.state is HostState.READY)
        await host.load_adapter(AdapterFile("ana", Path("/none"), ""))
        source.loader = lambda progress: WithoutRoom()
        with pytest.raises(Unavailable):
            await _read(host.loaded_engine().engine, first.says("a"))
        await eventually(lambda: source.loads == 3 and host.state is HostState.READY)

        assert host.loaded_engine().engine.adapter_ids == []


async def test_an_adapter_that_is_unloaded_while_it_is_loaded_again_harms_no_other():
    gate, reached = threading.Event(), threading.Event()

    class Breakable(ScriptedBackend):
        def decode(self, spans: Sequence[Span]) -> int:
            raise RuntimeError("device lost")

    class Gated(ScriptedBackend):
        def add_adapter(self, file: AdapterFile) -> object:
            reached.set()
            gate.wait()
            raise AdapterUnusable("it is gone")

    first = Breakable()
    source = ScriptedSource(lambda progress: first)
    async with hosting(source) as host:
        await eventually(lambda: host.state is HostState.READY)
        await host.load_adapter(AdapterFile("ana", Path("/none"), ""))
        source.loader = lambda progress: Gated()
        with pytest.raises(Unavailable):
            await _read(host.loaded_engine().engine, first.says("a"))
        await eventually(reached.is_set)
        with pytest.raises(Unavailable):
            host.unload_adapter("ana")
        gate.set()

        await eventually(lambda: host.state is HostState.READY)

        assert host.loaded_engine().engine.adapter_ids == []
