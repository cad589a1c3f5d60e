"""What a model reads of messages, when it drafts and when it is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from sync_svc.domain.attachment_words import attachment_words
from sync_svc.domain.messages import Direction, Flag, Message, MessageType

# Flags of messages that no model sees: secrets, what is not said yet, and what nobody wants to read.
HIDDEN_FLAGS = int(Flag.ONE_TIME_CODE | Flag.SCHEDULED | Flag.SPAM)
_PREVIEW_FOLLOWS_WITHIN = timedelta(seconds=90)


def is_hidden(message: Message) -> bool:
    """Whether no model may see the message, or it is no part of what was said."""
    return bool(
        message.flags & HIDDEN_FLAGS or message.unsent_at is not None or message.message_type == MessageType.GROUP_EVENT
    )


def written_text(message: Message) -> str:
    """What its sender wrote, a subject line in front."""
    return ": ".join(part for part in (message.extra.get("subject", ""), message.text) if part)


def text_for_draft(message: Message) -> str:
    """What was written, with words for what others attached.

    The owner's own attachments have none: a draft must never learn to answer "[photo]".
    """
    text = written_text(message)
    if message.direction == Direction.OUTGOING or not message.attachments:
        return text
    words = attachment_words(message.attachments, message.message_type)
    return f"{words} {text}" if text else words


def draft_context(messages: Sequence[Message], size: int) -> list[Message]:
    """The last `size` of these messages as a draft reads them; both are oldest first."""
    return _as_read(messages, text_for_draft)[-size:]


def training_history(messages: Sequence[Message], before: Sequence[Message] = ()) -> list[Message]:
    """These messages as training reads them, real texts only; `before` are those that came right before. All oldest first."""
    return _as_read(messages, written_text, before)


def _as_read(
    messages: Sequence[Message], read: Callable[[Message], str], before: Sequence[Message] = ()
) -> list[Message]:
    earlier = [message for message in before if not is_hidden(message)]
    said = earlier + [message for message in messages if not is_hidden(message)]
    return [
        message if text == message.text else replace(message, text=text)
        for place, message in enumerate(said)
        if place >= len(earlier) and (text := read(message)) and not _is_preview(said, place)
    ]


def _is_preview(said: Sequence[Message], place: int) -> bool:
    """Whether a message repeats a link that its sender has just sent: Messages keeps a link and its preview as two rows."""
    preview = said[place]
    if preview.message_type != MessageType.LINK or not preview.text:
        return False
    for earlier in reversed(said[:place]):
        if preview.sent_at - earlier.sent_at > _PREVIEW_FOLLOWS_WITHIN:
            return False
        if (earlier.text, earlier.sender_id, earlier.direction) == (preview.text, preview.sender_id, preview.direction):
            return True
    return False
