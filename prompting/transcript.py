"""A conversation as plain lines, and how people's words are kept from looking like lines of their own."""

from __future__ import annotations

from collections.abc import Sequence

from prompting.conversation import StyleHints, Turn

ME = "Me"
THEM = "Them"
STOPS = ("\nThem:", "\nMe:", "\n\n")
# A model that has read notes goes on with notes of its own.
NOTE_STOP = "\n["
# The worker takes 16 stops of 100 characters.
_MAX_NAME = 60
_MAX_STOPS = 16


def one_line(text: str) -> str:
    """The text on one line.

    A line of the transcript is a turn: with its line breaks, a message that holds "\\nMe: yes" would put words into the
    owner's mouth. `split` knows every kind of line break that Unicode has.
    """
    return " ".join(text.split())


def name_of(turn: Turn, is_group: bool) -> str:
    """Who speaks, as the transcript says it: `Me`, in groups the sender's name, else `Them`.

    A name cannot end its label early, and nobody can be called Me.
    """
    if turn.mine:
        return ME
    if not is_group:
        return THEM
    name = one_line(turn.sender.replace(":", " "))[:_MAX_NAME].strip()
    return THEM if not name or name.casefold() == ME.casefold() else name


def transcript(turns: Sequence[Turn], hints: StyleHints) -> str:
    """The turns as lines that end in `Me:`, the notes about how to write in brackets, which no turn's line begins with.

    What is the same for each draft of a conversation stands first, what is for one draft last: so a growing conversation
    keeps its beginning, and the model its cache.
    """
    lines = [*_about(hints)]
    lines += [f"{name_of(turn, hints.is_group)}: {one_line(turn.text)}" for turn in turns]
    if instruction := one_line(hints.instruction):
        lines.append(f"[My next message: {instruction}]")
    return "\n".join([*lines, f"{ME}:"])


def stops_of(turns: Sequence[Turn], hints: StyleHints) -> tuple[str, ...]:
    """The texts that end a reply: the beginning of anybody's next line, an empty line, and a note where there are notes."""
    stops = STOPS if not _notes(hints) else (*STOPS, NOTE_STOP)
    names = (name_of(turn, hints.is_group) for turn in reversed(turns))
    others = [f"\n{name}:" for name in dict.fromkeys(names) if name not in (ME, THEM)]
    return (*stops, *others)[:_MAX_STOPS]


def _notes(hints: StyleHints) -> bool:
    return any(one_line(note) for note in (hints.relation, hints.tone, hints.instruction))


def _about(hints: StyleHints) -> list[str]:
    notes = []
    if relation := one_line(hints.relation):
        notes.append(f"[Who they are to me: {relation}]")
    if tone := one_line(hints.tone):
        notes.append(f"[How I write to them: {tone}]")
    return notes
