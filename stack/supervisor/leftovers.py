"""Ends what a killed supervisor left running, where the kernel did not."""

import contextlib
import signal
from typing import Any

import psutil

from stack.supervisor.state_file import StackState, is_same_process

STOP_SECONDS = 5.0


def end_leftovers(state: StackState) -> list[str]:
    """End the recorded processes that still run, and return the names of their parts.

    A process counts only with the recorded id and start time, so that nobody else's process is touched.
    """
    leftovers = {str(part["name"]): process for part in state.parts if (process := _recorded_process(part)) is not None}
    for part in state.parts:
        if part["name"] in leftovers:
            _signal(leftovers[part["name"]], part["stop_signal"])
    _, stubborn = psutil.wait_procs(leftovers.values(), timeout=STOP_SECONDS)
    for process in stubborn:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=STOP_SECONDS)
    return list(leftovers)


def _recorded_process(part: dict[str, Any]) -> psutil.Process | None:
    if not part["process_id"] or not is_same_process(part["process_id"], part["process_started"]):
        return None
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(part["process_id"])
    return None


def _signal(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
