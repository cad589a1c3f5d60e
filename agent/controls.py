"""What a person may tell a running agent, from any thread: sync now, pause, go on."""

import asyncio
import contextlib
from threading import Lock


class Controls:
    """Wakes the agent's loop when told something."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._paused = False
        self._sync_wanted = False

    def attach(self) -> None:
        """Belong to the running loop, which `wait` is called on."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._woken = asyncio.Event()

    @property
    def paused(self) -> bool:
        """Whether `pause` was called last."""
        return self._paused

    def pause(self) -> None:
        """Send nothing until `resume`. A pass that runs comes to its end."""
        self._paused = True
        self._wake()

    def resume(self) -> None:
        """Go on, with a pass at once."""
        self._paused = False
        self.sync_now()

    def sync_now(self) -> None:
        """Run a full pass as soon as possible, however recent the last one is."""
        self._sync_wanted = True
        self._wake()

    def take_sync_wanted(self) -> bool:
        """Return whether a pass was asked for since the last call."""
        wanted, self._sync_wanted = self._sync_wanted, False
        return wanted

    async def wait(self, seconds: float) -> None:
        """Return when something was told, or after these seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()

    def _wake(self) -> None:
        with self._lock:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._woken.set)
