"""One agent for each settings folder: who runs, and how to ask it for something."""

import fcntl
import os
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from agent.errors import AgentError, AlreadyRuns

# Another command that looks who runs holds the lock for an instant.
_TRIES: Final = 20
_BETWEEN_TRIES: Final = 0.05


class RunningAgent:
    """Held by the one agent of a settings folder; the kernel lets go of it when the process ends, however it ends."""

    def __init__(self, lock_file: Path) -> None:
        self._path = lock_file
        self._file = -1

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise AgentError(f"{self._path} cannot be used: {error.strerror}") from error
        if not self._locked():
            os.close(self._file)
            raise AlreadyRuns(
                f"an agent runs already (process {_process_id(self._path) or 'unknown'}); "
                "see assistant-agent status, or stop it with assistant-agent uninstall"
            )
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)  # the file stays: a new one under its name would be another lock

    def _locked(self) -> bool:
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_BETWEEN_TRIES)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return True
        return False


def running_process(lock_file: Path) -> int | None:
    """Return the process id of the agent that runs, or None. Never mistakes another process for it."""
    try:
        file = os.open(lock_file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process_id(lock_file)
    finally:
        os.close(file)
    return None


def ask_to_sync(process_id: int) -> bool:
    """Ask the running agent for a pass now; return whether it still runs."""
    try:
        os.kill(process_id, signal.SIGUSR1)
    except ProcessLookupError:
        return False
    return True


def _process_id(lock_file: Path) -> int | None:
    try:
        return int(lock_file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
