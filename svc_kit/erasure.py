"""What was deleted, for services that keep text of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

# How long a tombstone is kept: far longer than anything made of a message's text can be on its way.
TOMBSTONE_LIFETIME = timedelta(hours=24)
# By how much the clocks of the services' machines may differ.
CLOCK_SKEW = timedelta(minutes=5)

_VERSION = 7
_TIME_SHIFT = 80


@dataclass(frozen=True, slots=True)
class Erasure:
    """Messages, and conversations deleted whole; `touched_conversation_ids` are those that showed the messages and stay."""

    erasure_id: UUID
    conversation_ids: Sequence[UUID] = ()
    message_ids: Sequence[UUID] = ()
    touched_conversation_ids: Sequence[UUID] = ()


def id_floor(message_ids: Sequence[UUID], before: timedelta = timedelta()) -> UUID:
    """The least UUIDv7 that anything made after the oldest of the messages can have, or made up to `before` earlier.

    A UUIDv7 begins with its time in milliseconds (RFC 9562, 5.7). Without messages, and of other ids, nothing is known: zero.
    """
    if not message_ids or any(message_id.version != _VERSION for message_id in message_ids):
        return UUID(int=0)
    oldest = min(message_id.int >> _TIME_SHIFT for message_id in message_ids)
    return UUID(int=max(0, oldest - (before + CLOCK_SKEW) // timedelta(milliseconds=1)) << _TIME_SHIFT)


def lock_number(account_id: UUID) -> int:
    """The account as the second number of a PostgreSQL advisory lock: 32 bits, signed."""
    return int.from_bytes(account_id.bytes[12:], "big", signed=True)
