"""The prompt of a draft, the same for serving, for training and for evaluation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from prompting.chat_template import ChatTemplate, render
from prompting.conversation import PromptSource, StyleHints, Turn
from prompting.prompt_part import PromptPart
from prompting.transcript import name_of, one_line, stops_of, transcript

_SYSTEM = (
    "You write text messages for me, in my own voice. The user's messages are what others wrote to me; the assistant's are"
    " what I wrote. Write my next message: one short message, with no quotation marks and no explanation."
)
_BEGINNING = "(The conversation up to here was left out.)"
_GO_ON = "(Nobody has answered yet. Write my next message.)"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model continues. `template_id` names the form; it changes whenever the same turns would read otherwise.

    `turns`, oldest first, and `hints` are what it was made of.
    """

    parts: tuple[PromptPart, ...]
    stops: tuple[str, ...]
    template_id: str
    turns: tuple[Turn, ...] = ()
    hints: StyleHints = field(default_factory=StyleHints)

    @property
    def text(self) -> str:
        """The whole prompt as the model saw it."""
        return "".join(part.text for part in self.parts)

    @property
    def source(self) -> PromptSource:
        """What the same prompt can be made of again."""
        return PromptSource(self.turns, self.hints, self.template_id)


def build_prompt(turns: Sequence[Turn], hints: StyleHints, chat: ChatTemplate | None = None) -> Prompt:
    """The turns, oldest first, as a transcript, or with `chat` in the form of the model's own template.

    Raises TemplateUnusable when the template cannot be used.
    """
    stops = stops_of(turns, hints)
    if chat is None:
        return Prompt((PromptPart(transcript(turns, hints)),), stops, "transcript-1", tuple(turns), hints)
    form = hashlib.sha256(chat.source.encode()).hexdigest()[:16]
    return Prompt(render(chat, _messages(turns, hints)), stops, f"chat-1-{form}", tuple(turns), hints)


def _messages(turns: Sequence[Turn], hints: StyleHints) -> list[tuple[str, str]]:
    """One system message, then user and assistant in turn, the user first and last: what the strictest templates want."""
    messages: list[tuple[str, str]] = []
    for turn in turns:
        role = "assistant" if turn.mine else "user"
        text = one_line(turn.text)
        if hints.is_group and not turn.mine:
            text = f"{name_of(turn, is_group=True)}: {text}"
        if messages and messages[-1][0] == role:
            text = f"{messages.pop()[1]}\n{text}"
        messages.append((role, text))
    if not messages or messages[0][0] == "assistant":
        messages.insert(0, ("user", _BEGINNING))
    if messages[-1][0] == "assistant":
        messages.append(("user", _GO_ON))
    # For one draft only, so it stands at the end: the conversation before it stays in the model's cache.
    if instruction := one_line(hints.instruction):
        role, text = messages.pop()
        messages.append((role, f"{text}\n\n(My next message should be: {instruction})"))
    return [("system", _system(hints)), *messages]


def _system(hints: StyleHints) -> str:
    notes = [_SYSTEM]
    if relation := one_line(hints.relation):
        notes.append(f"Who they are to me: {relation}.")
    if tone := one_line(hints.tone):
        notes.append(f"How I write to them: {tone}.")
    return " ".join(notes)
