"""How far a Mac's database has been brought to the server: a short text that only the agent understands, and the server keeps.

The agent keeps nothing itself, so what is acknowledged and what is known can never differ.
"""

from dataclasses import dataclass, field, replace
from json import dumps, loads
from typing import Any, Final, Self

from agent.chatdb.identity import Anchor, Place

_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class Cursor:
    """What of the database the server has. Everything in it holds for rows up to `place` only."""

    place: Place = field(default_factory=Place)
    deletions: tuple[int, ...] | None = None
    """The position in each table of deletions; None before the first look."""
    recently_deleted: str = ""
    """A hash of what was in Recently Deleted."""
    chats: str = ""
    """A hash of how the chats were described."""
    contacts: str = ""
    """A hash of the contacts."""
    checked_at: int = 0
    """When everything was last compared with the server, in seconds since 1970."""

    def at(self, place: Place) -> Self:
        """The same, further on."""
        return replace(self, place=place)

    def to_text(self) -> str:
        """As the server keeps it; at most 500 characters."""
        fields = {
            "v": _VERSION,
            "row": self.place.rowid,
            "db": self.place.database,
            "anchors": [[anchor.rowid, anchor.mark] for anchor in self.place.anchors],
            "deleted": None if self.deletions is None else list(self.deletions),
            "recent": self.recently_deleted,
            "chats": self.chats,
            "people": self.contacts,
            "checked": self.checked_at,
        }
        return dumps(fields, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The beginning if there is no text, or none that this version wrote: everything is then compared anew."""
        try:
            fields = loads(text)
            return cls._of(fields) if fields["v"] == _VERSION else cls()
        except (ValueError, KeyError, TypeError):
            return cls()

    @classmethod
    def _of(cls, fields: dict[str, Any]) -> Self:
        anchors = tuple(Anchor(int(rowid), str(mark)) for rowid, mark in fields["anchors"])
        deletions = fields["deleted"]
        return cls(
            place=Place(int(fields["row"]), str(fields["db"]), anchors),
            deletions=None if deletions is None else tuple(int(position) for position in deletions),
            recently_deleted=str(fields["recent"]),
            chats=str(fields["chats"]),
            contacts=str(fields["people"]),
            checked_at=int(fields["checked"]),
        )
