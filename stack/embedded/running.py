"""Run one server as a child for the length of a `with` block: for tests and one-off commands."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stack.errors import StackError

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


@contextmanager
def child_process(command: Sequence[str], log: Path, stop_signal: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """Start `command`, and stop it with `stop_signal` at the end, or by force if it does not obey."""
    with (
        log.open("ab") as output,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/") as child,
    ):
        try:
            yield child
        finally:
            child.send_signal(stop_signal)
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def wait_until(is_ready: Callable[[], bool], child: subprocess.Popen[bytes], log: Path) -> None:
    """Return as soon as the child is ready; fail with the end of its log when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if child.poll() is not None:
            raise StackError(f"the process ended with status {child.returncode}: {log.read_text()[-2000:]}")
        if time.monotonic() > deadline:
            raise StackError(f"the process was not ready after {START_SECONDS:.0f} s: {log.read_text()[-2000:]}")
        time.sleep(POLL_SECONDS)
