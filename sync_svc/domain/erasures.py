"""What has to be erased elsewhere, since it was deleted or unsent here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar
from uuid import UUID

# The contract's limit for each list of an Erasure.
MOST_IDS = 1_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Erasure:
    """Conversations that were deleted whole, messages, and the conversations as shown in which these were; by id."""

    conversation_ids: Sequence[UUID]
    message_ids: Sequence[UUID]
    touched_conversation_ids: Sequence[UUID]


def of_conversation(conversation_ids: Sequence[UUID], message_ids: Sequence[UUID]) -> list[Erasure]:
    """The erasures of a conversation with all its messages; `conversation_ids` are those of its chats, and the one shown."""
    chunks = zip_longest(_chunks(conversation_ids), _chunks(message_ids), fillvalue=())
    return [Erasure(conversations, messages, ()) for conversations, messages in chunks]


def of_messages(shown_in: Mapping[UUID, UUID]) -> list[Erasure]:
    """The erasures of messages, given with the conversation in which each was shown."""
    return [
        Erasure((), chunk, tuple(dict.fromkeys(shown_in[message_id] for message_id in chunk)))
        for chunk in _chunks(list(shown_in))
    ]


def _chunks(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[place : place + MOST_IDS] for place in range(0, len(items), MOST_IDS)]
