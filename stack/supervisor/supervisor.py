"""All parts together: started in the order of their needs, stopped in the reverse order."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from stack.supervisor.child import Child, Spawn
from stack.supervisor.clock import Clock
from stack.supervisor.part import Part, PartStatus
from stack.supervisor.part_log import PartLog
from stack.supervisor.process_monitor import ProcessMonitor


class Supervisor:
    """Runs the parts until it is told to stop, or until a vital one fails for good.

    `changed` is called with the status of a part at each change. `clock` and `spawn` are the real ones but in tests.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        log_directory: Path,
        changed: Callable[[PartStatus], None],
        *,
        clock: Clock | None = None,
        spawn: Spawn = Child.start,
    ) -> None:
        log_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._logs = [PartLog(log_directory, part.name) for part in parts]
        self._monitors = {
            part.name: ProcessMonitor(part, log, changed, clock=clock, spawn=spawn)
            for part, log in zip(parts, self._logs, strict=True)
        }
        self._stopped: dict[str, asyncio.Task[None]] = {}

    @property
    def statuses(self) -> list[PartStatus]:
        """How each part stands, in the order in which the parts were given."""
        return [monitor.status for monitor in self._monitors.values()]

    async def all_started(self) -> None:
        """Wait until every part that the product needs has been ready once."""
        for monitor in self._monitors.values():
            if monitor.part.vital:
                await monitor.started.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; raise PartGaveUp, with everything stopped, when a vital part failed for good."""
        tasks = {
            name: asyncio.create_task(monitor.run([self._monitors[need] for need in monitor.part.needs]), name=name)
            for name, monitor in self._monitors.items()
        }
        stop_requested = asyncio.create_task(stop.wait())
        try:
            await self._wait_for_stop_or_failure(stop_requested, set(tasks.values()))
        finally:
            stop_requested.cancel()
            await asyncio.gather(*(self._stop(name, tasks) for name in tasks))
            for log in self._logs:
                log.close()

    async def _wait_for_stop_or_failure(
        self, stop_requested: "asyncio.Task[bool]", tasks: "set[asyncio.Task[None]]"
    ) -> None:
        pending = tasks
        while pending and not stop_requested.done():
            done, _ = await asyncio.wait({stop_requested, *pending}, return_when=asyncio.FIRST_COMPLETED)
            for task in done & pending:
                task.result()
            pending = pending - done
        await stop_requested

    async def _stop(self, name: str, tasks: "dict[str, asyncio.Task[None]]") -> None:
        """Stop one part after everything that needs it; safe to call more than once."""
        if name not in self._stopped:
            self._stopped[name] = asyncio.create_task(self._stop_in_order(name, tasks))
        await self._stopped[name]

    async def _stop_in_order(self, name: str, tasks: "dict[str, asyncio.Task[None]]") -> None:
        dependants = [other for other, monitor in self._monitors.items() if name in monitor.part.needs]
        await asyncio.gather(*(self._stop(dependant, tasks) for dependant in dependants))
        self._monitors[name].stop()
        await asyncio.wait({tasks[name]})
