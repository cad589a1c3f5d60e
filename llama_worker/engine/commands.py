"""What is done to the model and its memory between two steps: adapters are loaded and freed, conversations forgotten."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from llama_worker.engine.adapters import Adapter, AdapterFile, AdapterUnusable
from llama_worker.engine.backend import Backend
from llama_worker.engine.scheduler import Scheduler

AdapterDone = Callable[[Adapter | None, Exception | None], None]


class LoadAdapter(NamedTuple):
    """An adapter to load. `done` is called in the engine's thread, with the adapter or the error, or two times None at the end."""

    file: AdapterFile
    done: AdapterDone


class ForgetConversations(NamedTuple):
    """Conversations of one account to forget. `done` is called in the engine's thread, with the number of sequences."""

    account_id: str
    cache_keys: frozenset[str]
    done: Callable[[int], None]


class AdapterCommands:
    """Adapters that wait to be loaded or freed. Any thread adds, the engine's thread runs."""

    def __init__(self, backend: Backend, scheduler: Scheduler) -> None:
        self._backend = backend
        self._scheduler = scheduler
        self._to_load: deque[LoadAdapter] = deque()
        self._retired: list[Adapter] = []

    def load(self, command: LoadAdapter) -> None:
        """Load an adapter once no deterministic work runs."""
        self._to_load.append(command)

    def retire(self, adapter: Adapter) -> None:
        """Free an adapter once the last work that began with it is over."""
        self._retired.append(adapter)

    def run(self) -> None:
        """Do what can be done now. Raises what breaks the model; those that wait are still known to `fail_all` then."""
        for adapter in [one for one in self._retired if not self._scheduler.uses(one)]:
            self._retired.remove(adapter)
            self._scheduler.forget_adapter(adapter)
            self._backend.remove_adapter(adapter.handle)
        while self._to_load and not self._scheduler.runs_alone:
            # It stays in the queue until it is done, so that an error that breaks the model is reported to it, too.
            command = self._to_load[0]
            # llama.cpp wants all adapters loaded before the context is made.
            self._scheduler.leave_context()
            loaded, refusal = self._load(command.file)
            self._to_load.popleft()
            command.done(loaded, refusal)

    def fail_all(self, error: Exception) -> None:
        """Settle all that wait to be loaded with an error."""
        while self._to_load:
            self._to_load.popleft().done(None, error)

    def _load(self, file: AdapterFile) -> tuple[Adapter | None, AdapterUnusable | None]:
        try:
            return Adapter(file, self._backend.add_adapter(file)), None
        except AdapterUnusable as error:
            return None, error
