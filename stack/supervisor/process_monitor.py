"""Runs one part: waits for the parts that it needs, starts it, watches it, and starts it again when it fails."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from stack.errors import StackError
from stack.supervisor.child import Child, RunningProgram, Spawn
from stack.supervisor.clock import Clock, SystemClock
from stack.supervisor.part import CheckResult, Health, Part, PartGaveUp, PartState, PartStatus
from stack.supervisor.part_log import PartLog

MAX_FAILURES = 5
FAILURE_WINDOW_SECONDS = 60.0
FIRST_BACK_OFF_SECONDS = 0.2
MAX_BACK_OFF_SECONDS = 5.0
START_POLL_SECONDS = 0.1
POLL_SECONDS = 2.0
# A part that once answered and then is silent for so long hangs, and is started again.
MAX_SILENCE_SECONDS = 60.0


class ProcessMonitor:
    """The life of one part, from the start of the stack to its end.

    `changed` is called with the status at each change. `clock` and `spawn` are the real ones but in tests.
    """

    def __init__(
        self,
        part: Part,
        log: PartLog,
        changed: Callable[[PartStatus], None],
        *,
        clock: Clock | None = None,
        spawn: Spawn = Child.start,
    ) -> None:
        self.part = part
        self.status = PartStatus(part.name, address=part.address, stop_signal=int(part.stop_signal))
        self.started = asyncio.Event()
        self._log = log
        self._changed = changed
        self._clock = clock or SystemClock()
        self._spawn = spawn
        self._stop_requested = asyncio.Event()
        self._failures: deque[float] = deque()

    async def run(self, needs: list["ProcessMonitor"]) -> None:
        """Run the part until stop() is called, or, if it runs once, until it has succeeded.

        Waits for every monitor in `needs` to have started first. Raises PartGaveUp when a vital part failed for good.
        """
        if not await self._unless_stopped(_all_started(needs)):
            self._set(PartState.STOPPED)
            return
        if self.part.command is None:
            await self._watch_external()
            return
        while (failure := await self._run_once()) is not None:
            if self._too_many_failures():
                self._give_up(f"failed {MAX_FAILURES} times within a minute; at last it {failure}")
                return
            pause = min(FIRST_BACK_OFF_SECONDS * 2 ** (len(self._failures) - 1), MAX_BACK_OFF_SECONDS)
            self.status.restarts += 1
            self._set(PartState.RESTARTING, failure)
            if not await self._unless_stopped(self._clock.sleep(pause)):
                self._set(PartState.STOPPED)
                return

    def stop(self) -> None:
        """Ask run() to stop the part and return."""
        self._stop_requested.set()

    async def _watch_external(self) -> None:
        """Watch the operator's own program: it has to answer at the start; later the operator looks after it."""
        self._set(PartState.STARTING)
        while await self._unless_stopped(self._watch_health()):
            if not self.started.is_set():
                self._give_up(f"does not answer at {self.part.address}, the address that {self.part.named_by} gives")
                return
        self._set(PartState.STOPPED)

    async def _run_once(self) -> str | None:
        """Run the part to its end and say why it failed; None if it was to end."""
        self._set(PartState.STARTING)
        try:
            if self.part.prepare is not None:
                await asyncio.to_thread(self.part.prepare)
            child = await self._spawn(self.part, self._log)
        except (StackError, OSError) as error:
            # What is wrong with the machine stays wrong: the operator has to act.
            self._give_up(f"cannot start: {error}")
            return None
        self.status.process_id, self.status.process_started = child.process_id, child.started
        self._set(PartState.STARTING)
        try:
            return await self._watch(child)
        finally:
            self.status.process_id = self.status.process_started = None

    async def _watch(self, child: RunningProgram) -> str | None:
        ended = asyncio.create_task(child.ended())
        unhealthy = asyncio.create_task(self._watch_health())
        stop = asyncio.create_task(self._stop_requested.wait())
        await asyncio.wait({ended, unhealthy, stop}, return_when=asyncio.FIRST_COMPLETED)
        try:
            if stop.done():
                unhealthy.cancel()
                await child.stop(self.part.stop_signal, self.part.stop_seconds)
                self._set(PartState.STOPPED)
                return None
            if ended.done():
                return self._judge_end(ended.result())
            await child.stop(self.part.stop_signal, self.part.stop_seconds)
            if not self.started.is_set():
                self._give_up(unhealthy.result())
                return None
            return unhealthy.result()
        finally:
            for task in (unhealthy, stop):
                task.cancel()
            await ended

    def _judge_end(self, exit_status: int) -> str | None:
        if self.part.check is None and exit_status == 0:
            self._set(PartState.DONE)
            self.started.set()
            return None
        if exit_status in self.part.final_exits:
            self._give_up(self.part.final_exits[exit_status])
            return None
        return f"was killed by signal {-exit_status}" if exit_status < 0 else f"ended with status {exit_status}"

    async def _watch_health(self) -> str:
        """Follow what the part says about itself; return only when it has been silent for too long."""
        if self.part.check is None:
            await asyncio.Event().wait()
        last_answer, limit, is_up = self._clock.now(), self.part.start_seconds, False
        while self._clock.now() - last_answer < limit:
            result = await self._check_result()
            if result.health is Health.READY or (result.health is Health.LIMITED and self.part.starts_limited):
                is_up = True
                self.started.set()
            if is_up:
                self._set(PartState(result.health.value), result.detail)
            if is_up and result.health is not Health.SILENT:
                last_answer, limit = self._clock.now(), MAX_SILENCE_SECONDS
            await self._clock.sleep(POLL_SECONDS if is_up else START_POLL_SECONDS)
        return f"did not answer for {limit:.0f} s" if is_up else f"did not become ready within {limit:.0f} s"

    async def _check_result(self) -> CheckResult:
        assert self.part.check is not None
        try:
            return await self.part.check()
        except Exception as error:
            # A fault of the check must not end the part, and with it the stack. The message may hold a password.
            return CheckResult(Health.SILENT, f"could not be asked how it is ({type(error).__name__})")

    def _too_many_failures(self) -> bool:
        now = self._clock.now()
        self._failures.append(now)
        while now - self._failures[0] > FAILURE_WINDOW_SECONDS:
            self._failures.popleft()
        return len(self._failures) >= MAX_FAILURES

    def _give_up(self, reason: str) -> None:
        self._set(PartState.FAILED, reason)
        if self.part.vital:
            raise PartGaveUp(self.part.name, reason, self._log.last_lines())

    async def _unless_stopped(self, work: Coroutine[Any, Any, object]) -> bool:
        """Wait for something, and return False when the stack is to stop first."""
        waited = asyncio.create_task(work)
        stop = asyncio.create_task(self._stop_requested.wait())
        await asyncio.wait({waited, stop}, return_when=asyncio.FIRST_COMPLETED)
        for task in (waited, stop):
            task.cancel()
        return not self._stop_requested.is_set()

    def _set(self, state: PartState, detail: str = "") -> None:
        changed = (state, detail) != (self.status.state, self.status.detail) or state is PartState.STARTING
        self.status.state, self.status.detail = state, detail
        if changed:
            self._changed(self.status)


async def _all_started(monitors: list[ProcessMonitor]) -> None:
    for monitor in monitors:
        await monitor.started.wait()
