"""Tells whether a database is the one that was read before, or one that took its place."""

import sqlite3
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from agent.chatdb.connection import lenient_text
from agent.chatdb.schema import Schema

_DIGEST_BYTES: Final = 4
_SHARES: Final = (1.0, 0.75, 0.5, 0.25)
_PROPERTY: Final = "_UniqueIdentifier"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A row that was there, and a hash of which message it held."""

    rowid: int
    mark: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far a database has been read, and by which rows it can be known again."""

    rowid: int = 0
    database: str = ""
    """The database's own identifier, where it has one."""
    anchors: tuple[Anchor, ...] = ()


def database_id(connection: sqlite3.Connection, schema: Schema) -> str:
    """Return the identifier that a database keeps among its properties, or an empty text."""
    if schema.properties is None:
        return ""
    query = f"SELECT value FROM {schema.properties} WHERE key = ?"  # noqa: S608 (a constant of ours)
    with lenient_text(connection):
        row = connection.execute(query, (_PROPERTY,)).fetchone()
    return str(row[0])[:64] if row and row[0] else ""


def place_at(connection: sqlite3.Connection, rowid: int, database: str) -> Place:
    """Return the place of a row: four rows up to there stand for the whole."""
    anchors: dict[int, Anchor] = {}
    for share in _SHARES:
        query = "SELECT ROWID, CAST(guid AS TEXT) FROM message WHERE ROWID <= ? ORDER BY ROWID DESC LIMIT 1"
        with lenient_text(connection):
            row = connection.execute(query, (int(rowid * share),)).fetchone()
        if row:
            anchors[row[0]] = Anchor(row[0], _mark(row[1]))
    return Place(rowid, database, tuple(anchors.values()))


def holds(connection: sqlite3.Connection, place: Place, database: str) -> bool:
    """Return whether the place was taken in this database, as far as can be told.

    False when the database calls itself otherwise, when one of the rows holds another message, when all of them are gone, or
    when the numbering never came so far: then it was rebuilt, restored or replaced, and is compared with the server as a
    whole. One row that is gone was deleted, and tells nothing.
    """
    if place.rowid == 0:
        return True
    if place.database and database and place.database != database:
        return False
    if highest_ever(connection) < place.rowid:
        return False
    found = [_mark_at(connection, anchor.rowid) for anchor in place.anchors]
    if any(mark is not None and mark != anchor.mark for mark, anchor in zip(found, place.anchors, strict=True)):
        return False
    return any(mark is not None for mark in found) or not place.anchors


def highest_ever(connection: sqlite3.Connection) -> int:
    """Return the highest number that a message ever had; numbers are not given twice."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
    return int(row[0]) if row and row[0] else 0


def _mark_at(connection: sqlite3.Connection, rowid: int) -> str | None:
    with lenient_text(connection):
        row = connection.execute("SELECT CAST(guid AS TEXT) FROM message WHERE ROWID = ?", (rowid,)).fetchone()
    return _mark(row[0]) if row else None


def _mark(guid: str | None) -> str:
    return blake2b((guid or "").encode(), digest_size=_DIGEST_BYTES).hexdigest()
