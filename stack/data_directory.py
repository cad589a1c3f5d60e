"""Where one installation keeps its things."""

import contextlib
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from stack.errors import StackError

NAME = "conversation-assistant"
DEMO_NAME = "conversation-assistant-demo"
# Of sun_path in sockaddr_un: 108 bytes on Linux, 104 on macOS, with the zero at the end.
MAX_SOCKET_PATH_BYTES = 103


@dataclass(frozen=True)
class DataDirectory:
    """One installation: its data, its keys, its logs."""

    root: Path

    @classmethod
    def default(cls, *, demo: bool = False) -> "DataDirectory":
        """Return the directory of this user, or of this machine for root. The demo never touches the real one."""
        name = DEMO_NAME if demo else NAME
        if os.geteuid() == 0:
            # Root's home is closed to the user that PostgreSQL runs as.
            return cls(Path("/var/lib") / name)
        return cls(Path(platformdirs.user_data_dir(name, appauthor=False)))

    def create(self) -> None:
        """Make what is missing. Only this user can look into the parts that hold secrets."""
        try:
            # PostgreSQL's user, another one where root starts the stack, must be able to pass through.
            self.root.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            for private in (self.run, self.logs, self.secrets):
                private.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StackError(f"cannot use {self.root} as the data directory: {error.strerror}") from error

    @classmethod
    def chosen(cls, path: Path | None, *, demo: bool) -> "DataDirectory":
        """Return the directory that the operator named, or the default one."""
        return cls(path.expanduser().absolute()) if path else cls.default(demo=demo)

    @property
    def run(self) -> Path:
        """State, lock, socket and generated configuration of the stack that runs."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log for each part."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Keys and passwords."""
        return self.root / "secrets"

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL's data."""
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        """The embedded Valkey's data and configuration."""
        return self.root / "valkey"

    @property
    def state_file(self) -> Path:
        """What `assistant status` reads."""
        return self.run / "state.json"

    @property
    def lock_file(self) -> Path:
        """Locked as long as a supervisor runs on this directory."""
        return self.run / "lock"

    @property
    def envoy_config(self) -> Path:
        """The configuration that Envoy was started with."""
        return self.run / "envoy.yaml"

    @property
    def envoy_admin(self) -> Path:
        """The Unix socket of Envoy's admin interface.

        It is `run/envoy.sock`, or, where that path is longer than a socket's path may be, a file in a private directory under
        the system's directory for temporary files.
        """
        return self._socket_directory / "envoy.sock"

    @property
    def _socket_directory(self) -> Path:
        run = self.run.absolute()
        if len(os.fsencode(run / "envoy.sock")) <= MAX_SOCKET_PATH_BYTES:
            return run
        name = hashlib.sha256(os.fsencode(run)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"assistant-{name}"

    def create_socket_directory(self) -> None:
        """Make the directory of the sockets, if it is not `run/`; close `run/` to others.

        Raises StackError where its path is too long as well, or where another user can enter it.
        """
        directory = self._socket_directory
        if len(os.fsencode(self.envoy_admin)) > MAX_SOCKET_PATH_BYTES:
            raise StackError(
                f"{self.envoy_admin} is longer than the {MAX_SOCKET_PATH_BYTES} bytes of a socket's path: set TMPDIR to a"
                " directory with a shorter path"
            )
        directory.mkdir(exist_ok=True, mode=0o700)
        if directory == self.run.absolute():
            # Restored from a backup or copied, it may have become open.
            with contextlib.suppress(PermissionError):
                directory.chmod(0o700)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise StackError(
                f"{directory} has to be a directory of this user alone (mode 0700): remove it, or set TMPDIR"
            )

    @property
    def jwks_file(self) -> Path:
        """The public key of the tokens, for Envoy."""
        return self.run / "jwks.json"

    @property
    def demo_chat_db(self) -> Path:
        """The demo's invented Messages database."""
        return self.root / "demo" / "chat.db"

    @property
    def demo_address_book(self) -> Path:
        """The demo's invented address book."""
        return self.root / "demo" / "AddressBook"

    @property
    def demo_token(self) -> Path:
        """The token of the demo's agent."""
        return self.root / "demo" / "agent-token.json"

    @property
    def demo_agent(self) -> Path:
        """Settings, lock and status of the demo's agent."""
        return self.root / "demo" / "agent"
