"""A real PostgreSQL server with its data in one directory, on one loopback port, behind a password."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from stack.embedded.postgres_install import MAJOR_VERSION, install_root
from stack.embedded.running import child_process, wait_until
from stack.embedded.system_user import SystemUser, database_user, first_closed_directory
from stack.errors import StackError
from stack.launcher import tied_command
from stack.ports import free_port

OWNER = "postgres"
HOST = "127.0.0.1"
# Fast shutdown: open transactions are rolled back, everything committed is on disk.
STOP_SIGNAL = signal.SIGINT

# An error must not quote the statement or its values: they hold message text.
SETTINGS = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 100
password_encryption = 'scram-sha-256'
shared_buffers = 128MB
wal_compression = pglz
max_wal_size = 1GB
checkpoint_timeout = 10min
random_page_cost = 1.1
jit = off
io_method = sync
max_logical_replication_workers = 0
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
idle_in_transaction_session_timeout = 30s
datestyle = 'iso, ymd'
timezone = 'UTC'
lc_messages = 'C.UTF-8'
default_text_search_config = 'pg_catalog.simple'
log_timezone = 'UTC'
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""
ACCESS = f"host all all {HOST}/32 scram-sha-256\n"


@dataclass(frozen=True)
class PostgresInstance:
    """One data directory and the server that runs on it.

    `durable=False` trades safety for speed and is for tests only.
    """

    data_dir: Path
    port: int
    owner_password: str = field(repr=False)
    durable: bool = True
    host: str = HOST
    user: str = OWNER

    def prepare(self) -> None:
        """Make the data directory at the first start, and write the settings of this start."""
        user = database_user()
        self._require_open_parents(user)
        if not self.data_dir.exists():
            self._initialize(user)
        self._require_same_version()
        self._remove_stale_lock()
        self._write(
            "postgresql.conf",
            SETTINGS.format(host=self.host, port=self.port, durable="on" if self.durable else "off"),
            user,
        )
        self._write("pg_hba.conf", ACCESS, user)

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground, tied to this process; stop it with STOP_SIGNAL."""
        user = database_user()
        server = [str(install_root(user) / "bin" / "postgres"), "-D", str(self.data_dir.absolute())]
        return tied_command(server, stop_signal=STOP_SIGNAL, user=user.ids if user else None)

    def is_ready(self) -> bool:
        """Return whether the server takes connections."""
        probe = [str(install_root(database_user()) / "bin" / "pg_isready"), "-q", "-h", self.host, "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0

    def _require_open_parents(self, user: SystemUser | None) -> None:
        if user is None:
            return
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        closed = first_closed_directory(self.data_dir.absolute().parent, user)
        if closed is not None:
            raise StackError(
                f"PostgreSQL runs as the user {user.name!r} because it refuses to run as root, and that user cannot enter {closed}: "
                f"choose another --data-dir, or open the directory with `chmod o+x {closed}`"
            )

    def _initialize(self, user: SystemUser | None) -> None:
        # Renamed when complete, so that a start cut short leaves nothing half made behind.
        unfinished = self.data_dir.with_name(self.data_dir.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        if user is not None:
            user.own(unfinished)
        with self._password_file(user) as password_file:
            command = [str(install_root(user) / "bin" / "initdb"), "-D", str(unfinished.absolute()), "-U", OWNER]
            command += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C.UTF-8"]
            if not self.durable:
                command.append("--no-sync")
            made = subprocess.run(
                tied_command(command, user=user.ids if user else None),
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        if made.returncode != 0:
            raise StackError(f"PostgreSQL could not make its data directory {self.data_dir}: {made.stderr.strip()}")
        unfinished.rename(self.data_dir)

    @contextmanager
    def _password_file(self, user: SystemUser | None) -> Iterator[Path]:
        """A file, because an argument would show in the list of processes."""
        handle, name = tempfile.mkstemp(prefix="owner-password-", dir=self.data_dir.parent)
        path = Path(name)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(self.owner_password + "\n")
            if user is not None:
                user.own(path)
            yield path
        finally:
            path.unlink()

    def _require_same_version(self) -> None:
        version_file = self.data_dir / "PG_VERSION"
        if not version_file.is_file():
            raise StackError(
                f"{self.data_dir} is not a PostgreSQL data directory: move it away, or choose another --data-dir"
            )
        version = version_file.read_text().strip()
        if version != str(MAJOR_VERSION):
            raise StackError(
                f"{self.data_dir} was made by PostgreSQL {version}, this is PostgreSQL {MAJOR_VERSION}: "
                "dump and restore it, or run pg_upgrade"
            )

    def _remove_stale_lock(self) -> None:
        """Remove the lock file of a server that is gone but whose process id belongs to another program now."""
        lock = self.data_dir / "postmaster.pid"
        if not lock.is_file():
            return
        process_id = lock.read_text().split("\n", 1)[0].strip()
        if not (process_id.isdigit() and _runs_postgres(int(process_id))):
            lock.unlink()

    def _write(self, name: str, content: str, user: SystemUser | None) -> None:
        path = self.data_dir / name
        path.write_text(content)
        path.chmod(0o600)
        if user is not None:
            user.own(path)


def _runs_postgres(process_id: int) -> bool:
    try:
        process = psutil.Process(process_id)
        return process.status() != psutil.STATUS_ZOMBIE and "postgres" in process.name()
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running_postgres(directory: Path, *, durable: bool = True) -> Iterator[PostgresInstance]:
    """Run a server below `directory` for the length of a `with` block."""
    instance = PostgresInstance(directory / "postgres", free_port(), "owner-password-of-a-test", durable)
    instance.prepare()
    with child_process(instance.command(), directory / "postgres.log", STOP_SIGNAL) as server:
        wait_until(instance.is_ready, server, directory / "postgres.log")
        yield instance
