"""Opens the Messages database so that nothing the agent does can ever change it or hold Messages up."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from agent.errors import CannotRead

_BUSY_TIMEOUT_SECONDS: Final = 5.0
_PERMISSION: Final = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_PERM}
_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def connect(path: Path, busy_timeout: float = _BUSY_TIMEOUT_SECONDS) -> sqlite3.Connection:
    """Open the database read-only.

    Never `immutable`: that leaves out everything that is still in the write-ahead log, the newest messages first of all.
    """
    with readable_errors(path):
        _require_file(path)
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=busy_timeout, isolation_level=None)
        try:
            connection.execute("PRAGMA query_only = 1")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


def _require_file(path: Path) -> None:
    # Not by exists(), which says no of what it may not look at.
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise CannotRead(f"there is no Messages database at {path}; name it with --chat-db") from None
    if stat.S_ISDIR(mode):
        raise CannotRead(f"{path} is a folder; --chat-db wants the file chat.db")


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite and of the file system into one line that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise CannotRead(_explain(path, error)) from error
    except PermissionError as error:
        raise CannotRead(_no_permission(path)) from error


@contextmanager
def lenient_text(connection: sqlite3.Connection, *, keep_zeros: bool = False) -> Iterator[None]:
    """Read texts that are not valid UTF-8 with their broken bytes replaced, instead of failing at the first one.

    Zero characters are left out, because the server takes none in an identifier, and nobody sees them in a name. They are
    kept where the GUID of a message is read: without them it could be another message's.
    """
    before = connection.text_factory
    connection.text_factory = _replace_broken if keep_zeros else _replace_broken_without_zeros
    try:
        yield
    finally:
        connection.text_factory = before


def _replace_broken(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _replace_broken_without_zeros(raw: bytes) -> str:
    return raw.decode(errors="replace").replace("\0", "")


def _explain(path: Path, error: sqlite3.Error) -> str:
    # The extended codes (SQLITE_BUSY_SNAPSHOT and the like) keep the primary code in their low byte.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _PERMISSION:
        return _no_permission(path)
    if code in _BUSY:
        return f"{path} is locked by another program; it will be read when that lets go"
    if code in _DAMAGED:
        return f"{path} is not a database that can be read: damaged, encrypted, or another kind of file"
    return f"{path} cannot be read: {error}"


def _no_permission(path: Path) -> str:
    return (
        f"macOS does not let this program read {path}; allow your terminal (or the program that starts the agent) under "
        "System Settings > Privacy & Security > Full Disk Access, then start it again"
    )
