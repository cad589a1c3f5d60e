"""What changed in an account, as those who watch it are told."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

# More than these are not named one by one.
MOST_NAMED = 200


@dataclass(frozen=True, slots=True)
class DraftReady:
    """A draft that is ready."""

    conversation_id: UUID
    response_id: UUID


@dataclass(frozen=True, slots=True)
class Changes:
    """Conversations by the ids of their chats, or `everything` where those are too many or not known; and drafts."""

    conversation_ids: frozenset[UUID] = frozenset()
    everything: bool = False
    drafts: tuple[DraftReady, ...] = ()

    @property
    def has_conversations(self) -> bool:
        """Whether there is a conversation to look at."""
        return self.everything or bool(self.conversation_ids)


EVERYTHING = Changes(everything=True)
