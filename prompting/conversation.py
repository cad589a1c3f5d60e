"""What a prompt is made from."""

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
class StyleHints:
    """How a draft should sound: what the owner set for the conversation, and what they want this once."""

    is_group: bool = False
    relation: str = ""
    tone: str = ""
    instruction: str = ""
