"""What a draft is made from."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Turn:
    """A message with text. `sender` is the name of who sent it; only groups show it."""

    message_id: UUID
    text: str
    mine: bool
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a draft should sound: what the owner set for the conversation, and what they want this once."""

    is_group: bool = False
    relation: str = ""
    tone: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """A conversation's last turns, oldest first; the last one is the one to answer."""

    conversation_id: UUID
    turns: tuple[Turn, ...]
    newest_message_id: UUID
    is_group: bool = False
    relation: str = ""
    tone: str = ""
