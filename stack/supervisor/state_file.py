"""What other commands may know of a running stack: one file, replaced whole at each change."""

import fcntl
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from stack.errors import StackError


@dataclass
class StackState:
    """A stack and its parts, as the supervisor last saw them."""

    process_id: int
    process_started: float
    url: str
    demo: bool
    phase: str = "starting"
    failure: str = ""
    addresses: dict[str, Any] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)

    def is_alive(self) -> bool:
        """Return whether the supervisor that wrote this still runs."""
        return is_same_process(self.process_id, self.process_started)


def is_same_process(process_id: int, started: float) -> bool:
    """Return whether a process runs that has this id and started then; an id alone is reused."""
    try:
        process = psutil.Process(process_id)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - started) < 1
    except psutil.NoSuchProcess:
        return False


def write_state(path: Path, state: StackState) -> None:
    """Replace the file, so that a reader sees the old state or the new one; raise OSError, with the old one, on a full disk."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(vars(state), file, indent=1)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink()
        raise


def read_state(path: Path) -> StackState | None:
    """Return the last state, or None where no stack has run."""
    try:
        return StackState(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as broken:
        raise StackError(f"{path} is not readable as the state of a stack: remove it") from broken


class DataDirectoryLock:
    """Held by the one supervisor of a data directory; the kernel lets go of it when that process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> "DataDirectoryLock":
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            os.close(self._file)
            raise AlreadyRunning from held
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)


def is_locked(path: Path) -> bool:
    """Return whether a supervisor holds the data directory of this lock file."""
    if not path.exists():
        return False
    try:
        with DataDirectoryLock(path):
            return False
    except AlreadyRunning:
        return True


class AlreadyRunning(Exception):
    """Another supervisor holds the data directory."""
