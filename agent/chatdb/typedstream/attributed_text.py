"""What an attributed string decodes to."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

PART: Final = "__kIMMessagePartAttributeName"
"""The attribute that says to which part of the message a run belongs: each attachment is one, and so is each text."""


class Run(NamedTuple):
    """A stretch of the text that has the same attributes; it counts UTF-16 code units, as Apple and browsers do."""

    start: int
    length: int
    attributes: Mapping[str, Any]
    """Values are str, int, float, bool, bytes, None, lists and dictionaries of these, or Opaque."""


class AttributedText(NamedTuple):
    """A text with its runs, which cover it from its beginning to its end."""

    text: str
    runs: tuple[Run, ...]
    """Empty: one plain message part, nothing special about it."""
    is_damaged: bool
    """The text is whole, but what follows it in the blob could not be read."""


class Opaque(NamedTuple):
    """An object that has no plain value: of an unknown class, or one that contains itself."""

    class_name: str


def utf16_length(text: str) -> int:
    """Return how many UTF-16 code units `text` has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
