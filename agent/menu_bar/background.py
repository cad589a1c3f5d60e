"""Runs the agent's loop in a thread of its own, because the main thread belongs to the menu bar."""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Event, Thread
from typing import Any


class BackgroundLoop:
    """A loop with one piece of work. `on_end` is called, in that thread, when the work has ended, however it did."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]], on_end: Callable[[], None]) -> None:
        self._work = work
        self._on_end = on_end
        self._thread = Thread(target=self._main, name="agent")
        self._started = Event()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._error: BaseException | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, once `start` has returned."""
        assert self._loop is not None, "start it first"
        return self._loop

    def start(self) -> None:
        """Start the thread, and return when its loop runs."""
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Cancel the work; from any thread."""
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)

    def result(self) -> None:
        """Wait for the end; raise what the work raised. Cancelled is ended, too."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # it belongs to whoever asks for the result
            self._error = error
        finally:
            self._started.set()
            self._on_end()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._started.set()
        await self._work()
