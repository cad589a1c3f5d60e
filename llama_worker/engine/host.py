"""Loads the model, runs its engine, reports what is wrong, and tries again when that can help."""

import asyncio
import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import Enum

import structlog

from llama_worker.engine.adapters import AdapterFile, AdapterUnusable
from llama_worker.engine.backend import Backend
from llama_worker.engine.counts import Counts
from llama_worker.engine.engine import Engine
from llama_worker.engine.model import LoadedModel, ModelFileUnusable, ModelSource, ModelUnusable
from llama_worker.engine.options import EngineOptions
from svc_kit.errors import NotFound, Unavailable


class HostState(Enum):
    """Whether there is a model to work with."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class HostOptions:
    """How often to try a model again that does not work."""

    # Seconds between two looks at a file that could not be used.
    watch_seconds: float = 2.0
    # Seconds until a model is loaded again that failed for another reason.
    retry_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class LoadedEngine:
    """A loaded model and the engine that runs it."""

    engine: Engine
    model: LoadedModel


class ModelHost:
    """Holds at most one engine. A model that cannot be loaded leaves the process up and NOT_SERVING."""

    def __init__(self, source: ModelSource, engine_options: EngineOptions, options: HostOptions | None = None) -> None:
        self.source = source
        self.state = HostState.LOADING
        self.message = ""
        self.load_progress = 0.0
        # Of all engines of this process.
        self.counts = Counts()
        self._engine_options = engine_options
        self._options = options or HostOptions()
        self._engine: Engine | None = None
        self._model: LoadedModel | None = None
        # Loaded again into the next engine.
        self._adapters: dict[str, AdapterFile] = {}
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()

    def start(self) -> None:
        """Begin to load; returns at once."""
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Give up loading, end all work, free the model."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._engine is not None:
            await self._engine.stop()

    def loaded_engine(self) -> LoadedEngine:
        """The model and its engine. Raises Unavailable with the reason MODEL_LOADING or MODEL_NOT_LOADED."""
        if self.state is HostState.READY and self._engine is not None and self._model is not None:
            return LoadedEngine(self._engine, self._model)
        if self.state is HostState.LOADING:
            raise Unavailable("the model is being loaded", reason="MODEL_LOADING")
        raise Unavailable(f"no model is loaded: {self.message}", reason="MODEL_NOT_LOADED")

    async def load_adapter(self, file: AdapterFile) -> None:
        """Load an adapter, also into every engine that comes after this one. Raises AdapterUnusable and Unavailable."""
        engine = self.loaded_engine().engine
        await engine.load_adapter(file)
        self._adapters[file.id] = file
        for adapter_id in engine.surplus_adapter_ids:
            engine.unload_adapter(adapter_id)
            self._adapters.pop(adapter_id, None)

    def unload_adapter(self, adapter_id: str) -> None:
        """Take no more work for it. Raises NotFound and Unavailable."""
        known = self._adapters.pop(adapter_id, None)
        if not self.loaded_engine().engine.unload_adapter(adapter_id) and known is None:
            raise NotFound(f"adapter {adapter_id} is not loaded")

    async def forget(self, account_id: str, cache_keys: Iterable[str]) -> int:
        """Forget what the model keeps of an account's conversations; return how many sequences that were.

        0 without a model: nothing that is kept outlives its engine.
        """
        return await self._engine.forget(account_id, cache_keys) if self._engine is not None else 0

    async def probe(self) -> None:
        """For the health check: raises Unavailable unless the model can work."""
        self.loaded_engine()

    async def _live(self) -> None:
        while True:
            seen = await asyncio.to_thread(self.source.fingerprint)
            try:
                await self._serve()
            except ModelFileUnusable as error:
                self._fail(str(error))
                await self._change_since(seen)
            except ModelUnusable as error:
                self._fail(str(error))
                await asyncio.sleep(self._options.retry_seconds)
            self.state, self.message, self.load_progress = HostState.LOADING, "", 0.0

    async def _serve(self) -> None:
        """Load, and serve until the model breaks; always ends with an exception."""
        began = time.monotonic()
        engine = self._engine = Engine(self._load, self._engine_options, self._note_health, self.counts)
        try:
            await engine.start()
        except ModelUnusable:
            raise
        except Exception as error:
            raise ModelUnusable(f"loading the model failed ({type(error).__name__})") from error
        await self._load_adapters(engine)
        self.state = HostState.READY
        self._log.info("model loaded", model=self.source.id, seconds=round(time.monotonic() - began, 2))
        cause = await engine.over()
        raise ModelUnusable(f"the model broke ({type(cause).__name__}) and is loaded again") from cause

    async def _load_adapters(self, engine: Engine) -> None:
        for file in list(self._adapters.values()):
            try:
                await engine.load_adapter(file)
            except (AdapterUnusable, Unavailable) as error:
                # The adapter that broke the engine is dropped with those behind it, or it would break the next engine, too.
                self._adapters.pop(file.id, None)
                self._log.error("adapter lost", adapter=file.id, reason=str(error))

    def _load(self) -> Backend:
        """Called by the engine's thread."""
        self._model = self.source.load(self._note_progress)
        return self._model.backend

    def _note_progress(self, done: float) -> bool:
        self.load_progress = done
        return not self._stopping

    def _note_health(self, healthy: bool) -> None:
        self.state = HostState.READY if healthy else HostState.LOADING

    def _fail(self, message: str) -> None:
        self.state, self.message = HostState.FAILED, message
        self._log.error("no model is loaded", model=self.source.id, reason=message)

    async def _change_since(self, seen: Hashable) -> None:
        # Polled: no system reports every change of a file, and a network mount reports none.
        while await asyncio.to_thread(self.source.fingerprint) == seen:  # noqa: ASYNC110
            await asyncio.sleep(self._options.watch_seconds)
