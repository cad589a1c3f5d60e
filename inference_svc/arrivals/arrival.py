"""What arrives in conversations."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that is news. `own_text` is what the owner wrote; `auto_draft` is whether they want drafts made by themselves."""

    conversation_id: UUID
    message_id: UUID
    is_own: bool
    own_text: str = ""
    auto_draft: bool = False
