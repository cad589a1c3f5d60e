"""What just arrived, as inference_svc is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sync_svc.domain.conversations import Conversation
from sync_svc.domain.messages import Direction, Message
from sync_svc.domain.reading import is_hidden, written_text


@dataclass(frozen=True, slots=True)
class Arrival:
    """A conversation's newest message. `own_text` is what the owner wrote, and empty for what others did."""

    conversation_id: UUID
    message_id: UUID
    sent_at: datetime
    is_own: bool
    own_text: str
    auto_draft: bool


def arrival_of(conversation: Conversation, message: Message) -> Arrival | None:
    """What to tell of this message; None where nobody else is on the other side, or the message may not be read any more."""
    if not conversation.is_with_somebody or is_hidden(message):
        return None
    is_own = message.direction == Direction.OUTGOING
    return Arrival(
        conversation.id,
        message.id,
        message.sent_at,
        is_own,
        written_text(message) if is_own else "",
        auto_draft=conversation.settings.auto_draft and conversation.is_answerable,
    )
