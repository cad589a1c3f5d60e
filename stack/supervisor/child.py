"""One run of one program: its start, its output, its end."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Protocol

import psutil

from stack.supervisor.part import Part
from stack.supervisor.part_log import PartLog

MAX_LINE_BYTES = 64 * 1024


class RunningProgram(Protocol):
    """A program that was started, as the monitor sees it; tests replace it."""

    process_id: int
    # Seconds since the epoch; None where the program had ended already.
    started: float | None

    async def ended(self) -> int:
        """Wait for the end and return the exit status, negative for a signal."""

    async def stop(self, stop_signal: signal.Signals, seconds: float) -> None:
        """Ask the program to end, and end it by force after so many seconds."""


Spawn = Callable[[Part, PartLog], Awaitable[RunningProgram]]


class Child:
    """A running program whose output goes to a log."""

    def __init__(self, process: asyncio.subprocess.Process, log: PartLog) -> None:
        self._process = process
        self._log = log
        self._output = asyncio.create_task(self._copy_output())
        self.process_id = process.pid
        self.started = _start_time(process.pid)

    @classmethod
    async def start(cls, part: Part, log: PartLog) -> "Child":
        """Start the part's command in a process group of its own; raise OSError where it cannot be started."""
        assert part.command is not None
        process = await asyncio.create_subprocess_exec(
            *part.command(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(part.environment),
            cwd="/",
            limit=MAX_LINE_BYTES,
        )
        return cls(process, log)

    async def ended(self) -> int:
        """Wait for the end of the program and return its exit status, negative for a signal."""
        status = await self._process.wait()
        # What the program left running in its own group would hold the output open, and would be an orphan.
        self._signal_group(signal.SIGKILL)
        await self._output
        return status

    async def stop(self, stop_signal: signal.Signals, seconds: float) -> None:
        """Ask the program to end, and kill its process group when it still runs after so many seconds."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(stop_signal)
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            self._signal_group(signal.SIGKILL)
        await self.ended()

    def _signal_group(self, number: signal.Signals) -> None:
        # EPERM is macOS for a group that holds only a zombie.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process_id, number)

    async def _copy_output(self) -> None:
        assert self._process.stdout is not None
        while line := await _read_line(self._process.stdout):
            self._log.write_line(line)


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    """Return the next line, or a piece of it where it is longer than the buffer; empty at the end."""
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as too_long:
        return await stream.readexactly(too_long.consumed)


def _start_time(process_id: int) -> float | None:
    try:
        return psutil.Process(process_id).create_time()
    except psutil.NoSuchProcess:
        return None
