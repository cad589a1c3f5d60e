"""The thread around the stepper, on a real loop and a scripted model."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from llama_worker.engine.adapters import AdapterFile, AdapterUnusable
from llama_worker.engine.backend import Span
from llama_worker.engine.engine import Engine
from llama_worker.engine.events import Finished, FinishReason, Piece
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest
from svc_kit.errors import Unavailable
from tests.deadline import eventually
from tests.unit.llama_worker.scripted import FATAL, ScriptedBackend


@asynccontextmanager
async def running(
    backend: ScriptedBackend, on_health: Callable[[bool], None] = lambda _: None, options: EngineOptions | None = None
) -> AsyncIterator[Engine]:
    engine = Engine(lambda: backend, options or EngineOptions(), on_health)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


async def read(engine: Engine, prompt: Sequence[int], max_tokens: int = 50) -> tuple[str, FinishReason]:
    text = ""
    async with engine.submit(GenerationRequest(prompt, max_tokens=max_tokens)) as stream:
        async for event in stream:
            if isinstance(event, Piece):
                text += event.text
            elif isinstance(event, Finished):
                return text, event.reason
    raise AssertionError("the stream ended without an end")


class GatedBackend(ScriptedBackend):
    """Waits in each decode until the test lets one through."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Semaphore(0)

    def decode(self, spans: Sequence[Span]) -> int:
        self.gate.acquire()
        return super().decode(spans)


async def test_many_readers_get_their_own_text():
    backend = ScriptedBackend()
    prompts = [backend.says(*text) for text in ("one", "two", "three", "four", "five", "six")]

    async with running(backend) as engine:
        results = await asyncio.gather(*(read(engine, prompt) for prompt in prompts))

    assert [text for text, _ in results] == ["one", "two", "three", "four", "five", "six"]


async def test_one_step_wakes_the_loop_once_for_all_readers(monkeypatch: pytest.MonkeyPatch):
    backend = GatedBackend()
    prompts = [backend.says(*"abcdef") for _ in range(4)]
    async with running(backend) as engine:
        readers = [asyncio.ensure_future(read(engine, prompt)) for prompt in prompts]
        await eventually(lambda: engine.queued + engine.running == 4)
        loop = asyncio.get_running_loop()
        wake_up, calls = loop.call_soon_threadsafe, 0

        def count(*args: Any) -> asyncio.Handle:
            nonlocal calls
            calls += 1
            return wake_up(*args)

        monkeypatch.setattr(loop, "call_soon_threadsafe", count)
        backend.gate.release(100)

        await asyncio.gather(*readers)

    assert calls <= engine.steps + 3


async def test_a_hang_up_stops_the_model_after_the_running_step():
    backend = GatedBackend()
    prompt = backend.says("a", forever=True)
    async with running(backend) as engine:
        reader = asyncio.ensure_future(read(engine, prompt))
        backend.gate.release(3)
        await eventually(lambda: engine.steps == 3)

        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        backend.gate.release(100)
        await eventually(lambda: engine.running == 0)

        assert engine.steps <= 4


async def test_the_deadline_ends_work_that_waits_for_its_reader():
    backend = ScriptedBackend()
    async with running(backend, options=EngineOptions(stream_buffer=2)) as engine:
        deadline = time.monotonic() + 0.1
        request = GenerationRequest(backend.says("a", forever=True), max_tokens=500, deadline=deadline)
        async with engine.submit(request) as stream:
            await eventually(lambda: engine.queued + engine.running == 0)
            events = [event async for event in stream]

    assert isinstance(events[-1], Finished)
    assert events[-1].reason is FinishReason.DEADLINE


async def test_stopping_fails_what_runs_and_what_comes():
    backend = GatedBackend()
    async with running(backend) as engine:
        reader = asyncio.ensure_future(read(engine, backend.says("a", forever=True)))
        await eventually(lambda: engine.queued + engine.running == 1)
        backend.gate.release(10_000)
        await engine.stop()

        with pytest.raises(Unavailable):
            await reader
        with pytest.raises(Unavailable):
            engine.submit(GenerationRequest(backend.says("a")))


async def test_health_is_bad_while_the_context_is_rebuilt():
    backend = ScriptedBackend()
    backend.codes.append(FATAL)
    health: list[bool] = []
    async with running(backend, health.append) as engine:
        with pytest.raises(Unavailable):
            await read(engine, backend.says("a"))
        await eventually(lambda: health == [False, True])

        assert (await read(engine, backend.says("b")))[0] == "b"


async def test_a_broken_model_ends_the_engine_and_says_so():
    class Broken(ScriptedBackend):
        def decode(self, spans: Sequence[Span]) -> int:
            raise RuntimeError("device lost")

    backend = Broken()
    engine = Engine(lambda: backend, EngineOptions())
    await engine.start()

    with pytest.raises(Unavailable):
        await read(engine, backend.says("a"))

    assert isinstance(await engine.over(), RuntimeError)
    with pytest.raises(Unavailable):
        engine.submit(GenerationRequest(backend.says("a")))


async def test_a_failure_to_load_is_raised_by_start():
    def load() -> ScriptedBackend:
        raise ValueError("no such file")

    engine = Engine(load, EngineOptions())

    with pytest.raises(ValueError, match="no such file"):
        await engine.start()
    await engine.stop()


async def test_a_failure_to_load_after_start_was_cancelled_is_not_logged():
    go_on = threading.Event()
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))

    def load() -> ScriptedBackend:
        go_on.wait()
        raise ValueError("given up")

    engine = Engine(load, EngineOptions())
    starting = asyncio.create_task(engine.start())
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    go_on.set()
    ready = engine._ready
    await eventually(ready.done)

    # asyncio complains of an exception that nobody retrieved when the future is collected.
    ready.__del__()

    assert not complaints


class SlowLoadingBackend(ScriptedBackend):
    """Loads an adapter when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Semaphore(0)
        self.loads = 0

    def add_adapter(self, file: AdapterFile) -> object:
        self.loads += 1
        self.gate.acquire()
        return super().add_adapter(file)


ANA = AdapterFile("ana", Path("/none"), "")


async def test_an_adapter_that_several_want_at_once_is_loaded_once():
    backend = SlowLoadingBackend()
    async with running(backend) as engine:
        loads = [asyncio.create_task(engine.load_adapter(ANA)) for _ in range(4)]
        await eventually(lambda: backend.loads > 0)

        backend.gate.release(4)
        await asyncio.gather(*loads)

        assert backend.loads == 1
        assert engine.adapter_ids == ["ana"]


async def test_an_adapter_is_loaded_although_its_caller_gave_up():
    backend = SlowLoadingBackend()
    async with running(backend) as engine:
        hasty = asyncio.create_task(engine.load_adapter(ANA))
        await eventually(lambda: backend.loads == 1)

        hasty.cancel()
        await asyncio.wait([hasty])
        backend.gate.release()

        await eventually(lambda: engine.adapter_ids == ["ana"])


async def test_all_callers_learn_that_an_adapter_is_unusable():
    backend = SlowLoadingBackend()
    backend.unusable.add("ana")
    async with running(backend) as engine:
        loads = [asyncio.create_task(engine.load_adapter(ANA)) for _ in range(2)]
        await eventually(lambda: backend.loads == 1)

        backend.gate.release(2)
        ends = await asyncio.gather(*loads, return_exceptions=True)

    assert [type(end) for end in ends] == [AdapterUnusable] * 2


class BreakingBackend(ScriptedBackend):
    """Breaks when an adapter is loaded."""

    def add_adapter(self, file: AdapterFile) -> object:
        raise RuntimeError("no context can be made")


async def test_the_caller_of_an_adapter_that_breaks_the_model_gets_unavailable():
    async with running(BreakingBackend()) as engine, asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await engine.load_adapter(ANA)
