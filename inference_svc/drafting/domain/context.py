"""The conversation that a draft answers."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from prompting.conversation import Turn
from svc_kit.errors import FailedPrecondition


@dataclass(frozen=True, slots=True)
class Context:
    """A conversation's last turns, oldest first; the last one is the one to answer."""

    conversation_id: UUID
    turns: tuple[Turn, ...]
    newest_message_id: UUID
    is_group: bool = False
    relation: str = ""
    tone: str = ""

    @property
    def is_newest(self) -> bool:
        """Whether the message to answer is the conversation's newest."""
        return self.turns[-1].message_id == self.newest_message_id

    def check_unanswered(self) -> None:
        """Raise MovedOn unless the message to answer is the newest, and somebody else's."""
        if self.turns[-1].mine or not self.is_newest:
            raise MovedOn


class MovedOn(FailedPrecondition):
    """The owner has answered, or there is something newer to answer."""

    def __init__(self) -> None:
        super().__init__("CONVERSATION_MOVED_ON", "the conversation went on before the draft was begun")
