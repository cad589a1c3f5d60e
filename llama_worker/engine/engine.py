"""The thread that owns the model, and its front on the event loop."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVarTuple, Unpack

from llama_worker.engine.adapters import Adapter, AdapterFile
from llama_worker.engine.backend import Backend
from llama_worker.engine.commands import ForgetConversations
from llama_worker.engine.counts import Counts
from llama_worker.engine.mailbox import Mailbox
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.replies import Outbox
from llama_worker.engine.request import GenerationRequest, Limits
from llama_worker.engine.stepper import Stepper
from llama_worker.engine.stream import TokenStream
from svc_kit.errors import NotFound, Unavailable

Ts = TypeVarTuple("Ts")


class Engine:
    """Loads a backend in a thread of its own and runs steps there until `stop`.

    Everything that touches the model happens in that thread. The event loop hands it requests (admission queue) and commands;
    the thread hands back the events of all readers, with one wake-up per step.
    """

    def __init__(
        self,
        load: Callable[[], Backend],
        options: EngineOptions,
        on_health: Callable[[bool], None] = lambda healthy: None,
        counts: Counts | None = None,
    ) -> None:
        self._load = load
        self._options = options
        self._on_health = on_health
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._over: asyncio.Future[Exception | None] = self._loop.create_future()
        self._mailbox: Mailbox[Outbox] = Mailbox(self._loop, _deliver)
        self._wake = threading.Event()
        self._stopping = False
        self._stepper: Stepper | None = None
        self._limits: Limits | None = None
        # In the order of use, the longest ago first.
        self._adapters: dict[str, Adapter] = {}
        # Being loaded: several drafts may want a new adapter at once.
        self._loading: dict[AdapterFile, asyncio.Task[None]] = {}
        self._thread = threading.Thread(target=self._main, name="llama", daemon=True)

    async def start(self) -> None:
        """Load the model; raises what `load` raised."""
        self._thread.start()
        await asyncio.shield(self._ready)

    async def stop(self) -> None:
        """End all work at the next step border and free the model."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is None:
            self._mailbox.close()
        else:
            await asyncio.shield(self._over)

    async def over(self) -> Exception | None:
        """Wait until the thread has ended; return what ended it, None after `stop`."""
        return await asyncio.shield(self._over)

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called, or the thread ends by itself."""
        return self._stopping

    @property
    def limits(self) -> Limits:
        """The backend's limits. Raises Unavailable while no model is loaded."""
        if self._limits is None:
            raise Unavailable("no model is loaded")
        return self._limits

    @property
    def running(self) -> int:
        """How many requests run."""
        return self._stepper.running if self._stepper else 0

    @property
    def queued(self) -> int:
        """How many requests wait."""
        return len(self._stepper.queue) if self._stepper else 0

    @property
    def queue_eta(self) -> float:
        """Seconds until the queue is expected to be empty."""
        return self._stepper.queue.eta(self.queued) if self._stepper and self.queued else 0.0

    @property
    def steps(self) -> int:
        """How many steps were run."""
        return self._stepper.steps if self._stepper else 0

    def submit(self, request: GenerationRequest) -> TokenStream:
        """Queue a request; its events come from the returned stream."""
        if self._stepper is None or self._stopping or self._over.done():
            raise Unavailable("no model is loaded")
        return self._stepper.submit(request)

    async def forget(self, account_id: str, cache_keys: Iterable[str]) -> int:
        """Forget what is kept of an account's conversations under every adapter; return how many sequences that were.

        Their running work continues to its end and is not kept then. 0 when the engine has ended, or ends meanwhile: all that
        it kept is freed by then.
        """
        if self._stepper is None or self._over.done():
            return 0
        forgotten: asyncio.Future[int] = self._loop.create_future()

        def settle(count: int) -> None:
            if not forgotten.done():
                forgotten.set_result(count)

        self._stepper.forget(
            ForgetConversations(account_id, frozenset(cache_keys), lambda count: self._call(settle, count))
        )
        either: list[asyncio.Future[Any]] = [forgotten, self._over]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return forgotten.result() if forgotten.done() else 0

    async def load_adapter(self, file: AdapterFile) -> None:
        """Load an adapter, in the place of one with its id if there is one: work that began with that ends with it.

        Raises AdapterUnusable, and Unavailable when the engine ends meanwhile.
        """
        known = self._adapters.get(file.id)
        if known is not None and known.file == file:
            return
        if file not in self._loading:
            self._loading[file] = asyncio.create_task(self._load_adapter(file))
            self._loading[file].add_done_callback(partial(self._loading_ended, file))
        # In a task of its own: loading may take longer than its first callers wait, and must not be cancelled with them.
        await asyncio.shield(self._loading[file])

    def unload_adapter(self, adapter_id: str) -> bool:
        """Take no more work for it; it is freed after the last that it has. False when it is not loaded."""
        adapter = self._adapters.pop(adapter_id, None)
        self._retire(adapter)
        return adapter is not None

    def adapter(self, adapter_id: str) -> Adapter:
        """The loaded adapter. Raises NotFound."""
        adapter = self._adapters.pop(adapter_id, None)
        if adapter is None:
            raise NotFound(f"adapter {adapter_id} is not loaded")
        self._adapters[adapter_id] = adapter
        return adapter

    @property
    def surplus_adapter_ids(self) -> list[str]:
        """Those beyond the number that may stay, used the longest ago."""
        return list(self._adapters)[: max(0, len(self._adapters) - self._options.adapters)]

    @property
    def adapter_ids(self) -> list[str]:
        """The ids of the loaded adapters, sorted."""
        return sorted(self._adapters)

    async def _load_adapter(self, file: AdapterFile) -> None:
        adapter = await self._loaded_adapter(file)
        replaced = self._adapters.pop(file.id, None)
        self._adapters[file.id] = adapter
        self._retire(replaced)

    def _loading_ended(self, file: AdapterFile, loading: asyncio.Task[None]) -> None:
        del self._loading[file]
        if not loading.cancelled():
            loading.exception()  # retrieved: its callers may all have been cancelled

    async def _loaded_adapter(self, file: AdapterFile) -> Adapter:
        if self._stepper is None or self._stopping or self._over.done():
            raise Unavailable("no model is loaded")
        loaded: asyncio.Future[Adapter] = self._loop.create_future()

        def settle(adapter: Adapter | None, error: Exception | None) -> None:
            if loaded.done():  # its caller was cancelled
                self._retire(adapter)
            elif adapter is not None:
                loaded.set_result(adapter)
            else:
                loaded.set_exception(error or Unavailable("the model was stopped"))

        self._stepper.load_adapter(file, lambda adapter, error: self._call(settle, adapter, error))
        return await loaded

    def _retire(self, adapter: Adapter | None) -> None:
        if adapter is not None and self._stepper is not None:
            self._stepper.retire_adapter(adapter)

    def _main(self) -> None:
        error: Exception | None = None
        try:
            backend = self._load()
        except Exception as failure:
            self._call(self._loading_failed, failure)
            return
        try:
            self._run(backend)
        except Exception as failure:
            error = failure
        finally:
            self._end(backend, error)

    def _run(self, backend: Backend) -> None:
        stepper = Stepper(
            backend,
            self._options,
            time.monotonic,
            self._wake.set,
            self._mailbox.post,
            self._report_health,
            self._counts,
        )
        self._stepper, self._limits = stepper, backend.limits
        self._call(self._loaded)
        while not self._stopping:
            if not stepper.step():
                self._wake.wait(stepper.next_deadline())
                self._wake.clear()

    def _end(self, backend: Backend, error: Exception | None) -> None:
        self._stopping = True
        if self._stepper is not None:
            self._stepper.fail_all(Unavailable("the model was stopped" if error is None else "the model failed"))
        backend.close()
        self._call(self._ended, error)

    def _report_health(self, healthy: bool) -> None:
        self._call(self._on_health, healthy)

    def _call(self, function: Callable[[Unpack[Ts]], None], *args: *Ts) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            # The loop is closed: nobody is left to be called, but the model must still be freed.
            self._stopping = True

    def _loaded(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _loading_failed(self, error: Exception) -> None:
        if not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()  # retrieved: who called `start` may have been cancelled meanwhile
        self._ended(error)

    def _ended(self, error: Exception | None) -> None:
        self._mailbox.close()
        if not self._over.done():
            self._over.set_result(error)


def _deliver(outbox: Outbox) -> None:
    for stream, event in outbox:
        stream.deliver(event)
