"""Runs a long command behind a progress line; its output goes to a log and is shown only when it fails."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from scripts.setup.checkout import ROOT, STATE
from scripts.setup.failure import SetupFailed
from scripts.setup.progress import ProgressLine

SILENCE = 0.5
LAST_LINES = 30


def unknown(_line: str) -> float | None:
    """Tell nothing about how far a command is."""
    return None


def run(
    title: str,
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    fraction_in: Callable[[str], float | None] = unknown,
    log_directory: Path = STATE,
) -> None:
    """Run a command in the checkout to its end. `fraction_in` reads from a line of its output how far it is."""
    log_directory.mkdir(parents=True, exist_ok=True)
    log = log_directory / f"{title.lower().replace(' ', '-')}.log"
    progress = ProgressLine(title, sys.stdout)
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    with process, log.open("w") as file:
        assert process.stdout is not None
        fraction: float | None = None
        for line in lines_and_silences(process.stdout):
            file.write(line)
            fraction = fraction_in(line) or fraction
            progress.update(fraction)
    if process.returncode:
        progress.finish("failed")
        tail = log.read_text().splitlines()[-LAST_LINES:]
        raise SetupFailed("\n".join([*tail, f"{title} failed; the whole output is in {log}"]))
    progress.finish()


def lines_and_silences(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines as they come, and an empty text twice a second of silence, so that time is seen to pass."""
    waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in lines:
            waiting.put(line)
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = waiting.get(timeout=SILENCE)
        except queue.Empty:
            yield ""
        else:
            if line is None:
                return
            yield line
