"""Looks at the Messages database and the address book as the agent would: with real queries."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from agent.chatdb.connection import connect, readable_errors
from agent.chatdb.schema import Schema
from agent.contacts.address_book import address_book_files, read_address_book
from agent.doctor.columns import CAME_LATER, costs_of
from agent.doctor.finding import Finding, Level
from agent.errors import CannotRead

_NO_PERMISSION: Final = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_PERM}
_WAL_HEADER_BYTES: Final = 32


def examine_database(path: Path, how_to_allow: Callable[[], str]) -> Iterator[Finding]:
    """Yield what can be said of the database, until something makes the rest pointless."""
    try:
        path.stat()
    except FileNotFoundError:
        yield Finding(
            "database",
            Level.FAIL,
            f"there is none at {path}",
            "sign in to Messages once, or name the database: `chat_db` in the settings, or --chat-db",
        )
        return
    except OSError as error:
        yield Finding("permission", Level.FAIL, f"{path}: {error.strerror}", how_to_allow())
        return
    try:
        with closing(connect(path)) as connection, readable_errors(path):
            yield from _examine(connection, path)
    except CannotRead as error:
        if _is_about_permission(error):
            yield Finding("permission", Level.FAIL, f"{path} cannot be read: {error.__cause__}", how_to_allow())
        else:
            yield Finding("database", Level.FAIL, str(error), "see docs/AGENT.md, Troubleshooting")


def _examine(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    schema = Schema(connection, path)
    newest = connection.execute("SELECT max(ROWID) FROM message").fetchone()[0]
    yield Finding("permission", Level.OK, f"a query on {path} works")
    yield Finding("database", Level.OK, "it is a Messages database")
    yield _of_columns(schema.missing)
    if newest is None:
        yield Finding(
            "messages",
            Level.WARN,
            "it has never held a message",
            "sign in to Messages on this Mac, with Messages in iCloud switched on",
        )
    else:
        yield Finding("messages", Level.OK, f"the newest row is {newest:,}")
    yield _examine_log(connection, path)


def _of_columns(missing: Sequence[str]) -> Finding:
    if not missing:
        return Finding("schema", Level.OK, "all columns are there")
    if CAME_LATER.issuperset(missing):
        return Finding("schema", Level.OK, f"this macOS does without {costs_of(missing)}")
    return Finding("schema", Level.WARN, f"columns are missing: {costs_of(missing)}", "nothing; the rest is read")


def _examine_log(connection: sqlite3.Connection, path: Path) -> Finding:
    """What Messages wrote last is in the log, and only later in the database itself."""
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    log = path.with_name(f"{path.name}-wal")
    if mode != "wal":
        return Finding("wal", Level.OK, f"no write-ahead log ({mode})")
    try:
        with log.open("rb") as file:
            file.read(_WAL_HEADER_BYTES)
    except FileNotFoundError:
        return Finding("wal", Level.OK, "the write-ahead log is folded back")
    except OSError as error:
        return Finding(
            "wal",
            Level.FAIL,
            f"{log}: {error.strerror}; the newest messages are in it",
            "make it readable like chat.db",
        )
    return Finding("wal", Level.OK, f"the write-ahead log is readable ({log.stat().st_size:,} bytes)")


def examine_address_book(folder: Path | None, how_to_allow: Callable[[], str]) -> Finding:
    """Say whether names can be read; without them people show as numbers."""
    if folder is None:
        return Finding(
            "address-book", Level.OK, "none is used with this database; `address_book` in the settings names one"
        )
    try:
        files = address_book_files(folder)
        os.scandir(folder).close()
    except FileNotFoundError:
        files = []
    except OSError as error:
        return Finding("address-book", Level.WARN, f"{folder}: {error.strerror}; names stay numbers", how_to_allow())
    if not files:
        return Finding(
            "address-book",
            Level.WARN,
            f"none in {folder}; names stay numbers",
            "open Contacts once, or set `address_book`",
        )
    book = read_address_book(folder)
    saw = f"{len(book.cards):,} cards with a name and an address in {len(files)} sources"
    if book.unreadable:
        return Finding("address-book", Level.WARN, f"{saw}; {book.unreadable} cannot be read", how_to_allow())
    return Finding("address-book", Level.OK, saw)


def _is_about_permission(error: CannotRead) -> bool:
    cause = error.__cause__
    if isinstance(cause, PermissionError):
        return True
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in _NO_PERMISSION
