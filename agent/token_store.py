"""Keeps the device's token: in the system's keychain, or in a file that only its owner can read."""

import errno
import os
import stat
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, Protocol

import keyring
from keyring.errors import KeyringError, PasswordDeleteError

from agent.credential import Credential
from agent.errors import AgentError, NotPaired
from agent.private_file import write_private

_KEYRING_SERVICE: Final = "conversation-assistant"


class TokenStore(Protocol):
    """Where one credential is kept."""

    def prepare(self) -> None:
        """Fail now if `save` would: the server gives a token once, and it would be lost."""

    def load(self) -> Credential | None:
        """Return what was saved, or None."""

    def save(self, credential: Credential) -> None:
        """Replace what was saved."""

    def forget(self) -> bool:
        """Remove what was saved; return whether there was anything."""


class FileTokenStore:
    """A file of mode 0600, written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self) -> None:
        """Make the folder and write to it. Raises AgentError when that fails."""
        try:
            if self._path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._path.parent, prefix=f".{self._path.name}."):
                pass
        except OSError as error:
            raise self._cannot_keep(error) from error

    def load(self) -> Credential | None:
        """Return the credential; None without a file. Raises NotPaired when others may read the file or it holds no token."""
        try:
            with self._path.open(encoding="utf-8") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & 0o077:
                    raise NotPaired(
                        f"{self._path} can be read by others on this machine (mode {mode:04o}), and whoever has its "
                        f"token can write messages as this device; run: chmod 600 '{self._path}'"
                    )
                return Credential.from_json(file.read())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise NotPaired(f"{self._path} does not hold a token; remove it and pair again") from error
        except OSError as error:
            raise AgentError(f"{self._path} cannot be read: {error.strerror}") from error

    def save(self, credential: Credential) -> None:
        """Write the credential. Raises AgentError when that fails."""
        try:
            write_private(self._path, credential.to_json())
        except OSError as error:
            raise self._cannot_keep(error) from error

    def forget(self) -> bool:
        """Remove the file; return whether there was one. Raises AgentError when that fails."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise AgentError(f"{self._path} cannot be removed: {error.strerror}") from error
        return True

    def _cannot_keep(self, error: OSError) -> AgentError:
        return AgentError(f"the token cannot be kept in {self._path}: {error.strerror}")


class KeyringTokenStore:
    """One secret in the system's keychain, for each server."""

    def __init__(self, server: str) -> None:
        self._server = server

    def prepare(self) -> None:
        """Read the entry. Raises AgentError when the keychain is closed."""
        self._text()

    def load(self) -> Credential | None:
        """Return the credential; None without an entry. Raises NotPaired when the entry holds no token, else AgentError."""
        text = self._text()
        try:
            return Credential.from_json(text) if text else None
        except ValueError as error:
            raise NotPaired("the keychain's entry for this server does not hold a token; pair again") from error

    def save(self, credential: Credential) -> None:
        """Write the credential. Raises AgentError when the keychain is closed."""
        try:
            keyring.set_password(_KEYRING_SERVICE, self._server, credential.to_json())
        except KeyringError as error:
            raise _no_keychain() from error

    def forget(self) -> bool:
        """Remove the entry; return whether there was one. Raises AgentError when that fails."""
        try:
            keyring.delete_password(_KEYRING_SERVICE, self._server)
        except PasswordDeleteError as error:
            # macOS says the same of an entry that is not there and of one that it does not let go of.
            if self._text() is None:
                return False
            raise AgentError(
                f"the keychain does not let go of the token; remove the entry {_KEYRING_SERVICE!r} in Keychain Access"
            ) from error
        except KeyringError as error:
            raise _no_keychain() from error
        return True

    def _text(self) -> str | None:
        try:
            return keyring.get_password(_KEYRING_SERVICE, self._server)
        except KeyringError as error:
            raise _no_keychain() from error


def _no_keychain() -> AgentError:
    return AgentError("no keychain can be used here; name a file for the token with --token-file")
