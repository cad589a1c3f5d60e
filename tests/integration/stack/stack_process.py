"""`assistant up` as a process of its own, for the length of a `with` block."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from stack.checkout import GENERATED, ROOT
from stack.ports import free_port

# Variables that would change what is started.
FOREIGN = ("DB_", "REDIS_URL", "ML_SERVICE_", "ASSISTANT_", "ENVOY_BIN")
PATIENCE_SECONDS = 120


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "stack", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**own, "PYTHONPATH": f"{ROOT}:{GENERATED}", **changes}


def assistant(*arguments: object, cwd: Path, **changes: str) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end."""
    return subprocess.run(
        command(*arguments),
        env=environment(**changes),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@dataclass
class StackProcess:
    """A run that says what it does, line by line."""

    directory: Path
    port: int
    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        return (self.directory / "secrets" / "owner-password").read_text().strip()

    def wait_for(self, beginning: str) -> str:
        """Return the next line that begins so; fail if the run ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith(beginning):
                return self.lines[-1]
        raise AssertionError("\n".join(self.lines))

    def state(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.directory / "run" / "state.json").read_text())
        return read

    def part(self, name: str) -> dict[str, Any]:
        return next(part for part in self.state()["parts"] if part["name"] == name)

    def processes(self) -> list[psutil.Process]:
        """Return every process of the run, the supervisor last."""
        supervisor = psutil.Process(self.process.pid)
        return [*supervisor.children(recursive=True), supervisor]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        assert self.process.stdout is not None
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running_stack(directory: Path, changes: Mapping[str, str], *, port: int | None = None) -> Iterator[StackProcess]:
    """Start and wait until everything answers; stop at the end."""
    port = port or free_port()
    arguments = command("up", "--data-dir", directory, "--port", port)
    with subprocess.Popen(
        arguments,
        env=environment(**changes),
        cwd=directory.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        running = StackProcess(directory, port, process)
        try:
            running.wait_for("ready: ")
            yield running
        finally:
            if process.poll() is None:
                running.stop()
