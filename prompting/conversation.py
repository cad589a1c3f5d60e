"""What a prompt is made from."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

# The id of a turn whose message is not known.
UNKNOWN_MESSAGE = UUID(int=0)


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


@dataclass(frozen=True, slots=True)
class PromptSource:
    """What a prompt was made of: the turns that are in it, oldest first, the hints, and the form (`Prompt.template_id`).

    `build_prompt` makes the same prompt of it again; with another chat template, the one that another model wants.
    """

    turns: tuple[Turn, ...]
    hints: StyleHints
    template_id: str

    @property
    def message_ids(self) -> tuple[UUID, ...]:
        """The ids of the messages that are in the prompt, oldest first, without those that are not known (UNKNOWN_MESSAGE)."""
        return tuple(turn.message_id for turn in self.turns if turn.message_id != UNKNOWN_MESSAGE)
