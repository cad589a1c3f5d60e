"""What the owner keeps on the Mac: rows that these rules exclude never leave it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from agent.errors import UsageError


@dataclass(frozen=True, slots=True)
class Privacy:
    """Which chats and messages may be read at all."""

    excluded: frozenset[str] = frozenset()
    """Chat GUIDs, chat identifiers, phone numbers and e-mail addresses, as the owner wrote them."""
    since: datetime | None = None
    """Nothing that was sent before this; with its time zone."""
    groups: bool = True

    @classmethod
    def of(cls, excluded: tuple[str, ...] = (), since: datetime | None = None, *, groups: bool = True) -> Self:
        """Raise UsageError naming what cannot be meant."""
        for entry in excluded:
            if not entry.strip():
                raise UsageError("--exclude is empty; name a phone number, an e-mail address, or a chat")
        if since is not None and since.tzinfo is None:
            since = since.astimezone()
        return cls(frozenset(entry.strip() for entry in excluded), since, groups)
