"""Reactions: rows of their own in the database, that say which message they are on."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from agent.chatdb.connection import lenient_text
from agent.chatdb.dates import APPLE_EPOCH_NS, unix_nanoseconds
from agent.chatdb.in_lists import in_lists
from agent.chatdb.records import Reaction

_KINDS: Final = {
    1000: "sticker",
    2000: "love",
    2001: "like",
    2002: "dislike",
    2003: "laugh",
    2004: "emphasize",
    2005: "question",
    2007: "sticker",
}
_STICKER_PLACED: Final = 1000
_FIRST: Final = 2000
_FIRST_REMOVAL: Final = 3000
_END: Final = 4000
_EMOJI: Final = 2006
_STICKERS: Final = {1000, 2007}

# `p:<part>/<GUID>`, `bp:<GUID>` for a balloon, or the bare GUID; a part can be -1, the whole message.
_TARGET: Final = re.compile(r"(?:p:(-?\d{1,9})/|bp:)?(.+)", re.DOTALL)
_WHOLE: Final = -1
_FILTER_BYTES: Final = 1 << 20  # half filled by 4 million reactions


class TapbackRow(NamedTuple):
    """A reaction as the database has it."""

    target: str
    type: int
    emoji: str | None
    date: int
    from_me: int
    handle_id: int
    rowid: int


def is_tapback(associated_type: int) -> bool:
    """Return whether a row with this `associated_message_type` is a reaction put on a message or taken away again.

    Numbers between the documented ones count as reactions too: Apple has added kinds twice.
    """
    return _FIRST <= associated_type < _END or associated_type == _STICKER_PLACED


def target_of(associated_guid: str) -> tuple[int, str]:
    """Return the part and the message that an `associated_message_guid` names."""
    match = _TARGET.fullmatch(associated_guid)
    if match is None:
        return _WHOLE, ""
    return (int(match[1]) if match[1] else _WHOLE), match[2]


class TapbackIndex:
    """Tells quickly of most messages that nobody reacted to them, in memory that does not grow with their number.

    A Bloom filter with one bit a message, and all forms in which reactions of this database name their message, so that the
    few others are looked up through the database's own index.
    """

    def __init__(self) -> None:
        self._bits = bytearray(_FILTER_BYTES)
        self._forms = {"", "bp:", "p:-1/", "p:0/"}
        self.filled_up_to = 0
        """Every reaction up to this row is known."""

    def fill(self, connection: sqlite3.Connection) -> None:
        """Learn every reaction that there is."""
        self.filled_up_to = connection.execute("SELECT max(ROWID) FROM message").fetchone()[0] or 0
        # Answered from the index on this column alone.
        query = "SELECT CAST(associated_message_guid AS TEXT) FROM message WHERE associated_message_guid IS NOT NULL"
        with lenient_text(connection):
            for (associated_guid,) in connection.execute(query):
                self.add(associated_guid)

    def add(self, associated_guid: str) -> None:
        """Learn one more."""
        guid = target_of(associated_guid)[1]
        self._forms.add(associated_guid[: len(associated_guid) - len(guid)])
        place = hash(guid)
        self._bits[place >> 3 & _FILTER_BYTES - 1] |= 1 << (place & 7)

    def may_have(self, guid: str) -> bool:
        """Return False if certainly nobody reacted to this message."""
        place = hash(guid)
        return bool(self._bits[place >> 3 & _FILTER_BYTES - 1] & 1 << (place & 7))

    def names_of(self, guid: str) -> Iterator[str]:
        """Every way in which a reaction of this database may name the message."""
        return (form + guid for form in self._forms)


def find_tapbacks(
    connection: sqlite3.Connection, query: str, index: TapbackIndex, guids: Iterable[str]
) -> dict[str, list[TapbackRow]]:
    """Return the reactions on these messages by the message's GUID."""
    names = [name for guid in guids for name in index.names_of(guid)]
    found: dict[str, list[TapbackRow]] = {}
    for marks, values in in_lists(names):
        for row in connection.execute(query.format(marks), values):
            if is_tapback(row[1] or 0):
                found.setdefault(target_of(row[0])[1], []).append(TapbackRow(*row))
    return found


def standing(rows: Iterable[TapbackRow], senders: Mapping[int, str], silent: str = "") -> tuple[Reaction, ...]:
    """Return the reactions that stand, oldest first.

    A person has one reaction on a part, the last one, and beside it a sticker; taking one away is a row of its own.
    `senders` holds the handles by their number; `silent` is whose it is where the row does not say. A reaction of nobody
    known is left out: with no sender it would be the owner's.
    """
    last: dict[tuple[str, int, bool], TapbackRow] = {}
    for row in sorted(rows, key=lambda row: (row.date or 0, row.rowid)):
        part = target_of(row.target)[0]
        sender = "" if row.from_me else senders.get(row.handle_id) or silent
        if not sender and not row.from_me:
            continue
        put = row.type if row.type < _FIRST_REMOVAL else row.type - _FIRST_REMOVAL + _FIRST
        key = (sender, part, put in _STICKERS)
        last.pop(key, None)  # the newest goes to the end
        last[key] = row
    return tuple(
        Reaction(key[0], _kind(row), unix_nanoseconds(row.date) or APPLE_EPOCH_NS, key[1])
        for key, row in last.items()
        if row.type < _FIRST_REMOVAL
    )


def _kind(row: TapbackRow) -> str:
    if row.type == _EMOJI and row.emoji:
        return row.emoji
    return _KINDS.get(row.type, str(row.type))
