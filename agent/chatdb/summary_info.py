"""Reads `message_summary_info`: how a message was edited, and which of its parts were unsent."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from agent.chatdb.dates import unix_of_seconds
from agent.chatdb.property_list import read_property_list
from agent.chatdb.records import Edit
from agent.chatdb.texts import clean
from agent.chatdb.typedstream import decode_text

# Larger ones are not written by Messages: a text of 20,000 characters edited five times is half of it.
_LARGEST: Final = 4_000_000
_MOST_PARTS: Final = 100_000
# Keys as the format writes them: a marker for an ASCII string of two characters, and the string.
_EDITS, _UNSENT = b"\x52ec", b"\x52rp"


class History(NamedTuple):
    """What happened to a message after it was sent."""

    edits: tuple[Edit, ...] = ()
    """Earlier versions, oldest first."""
    edited_at: int | None = None
    current: str | None = None
    """The text after the last edit, of a message with one part."""
    parts: tuple[int, ...] = ()
    """The parts that the message had."""
    unsent_parts: tuple[int, ...] = ()

    @property
    def is_unsent(self) -> bool:
        """Whether every part was unsent."""
        return bool(self.parts) and set(self.parts) <= set(self.unsent_parts)


NO_HISTORY: Final = History()


def history_of(blob: bytes | None) -> History:
    """Return the history in the blob; none for what holds none, or cannot be read.

    Most messages have such a blob, and few have been edited, so the keys are looked for before anything is decoded.
    """
    if not isinstance(blob, bytes) or not (_EDITS in blob or _UNSENT in blob):
        return NO_HISTORY
    info = read_property_list(blob, _LARGEST)
    return _history(info) if isinstance(info, dict) else NO_HISTORY


def _history(info: dict[Any, Any]) -> History:
    edits: list[Edit] = []
    times: list[int] = []
    current: dict[int, str | None] = {}
    for part, versions in sorted(_by_part(info.get("ec")).items()):
        whole = [version for version in versions if isinstance(version, dict)] if isinstance(versions, list) else []
        texts = [_text(version) for version in whole]
        moments = [_moment(version) for version in whole]
        for text, replaced_at in zip(texts, moments[1:], strict=False):
            if text is not None and replaced_at is not None:
                edits.append(Edit(text, replaced_at, part))
        times += [moment for moment in moments[1:] if moment is not None]
        if texts:
            current[part] = texts[-1]
    unsent = sorted({part for part in _list(info.get("rp")) if isinstance(part, int) and 0 <= part < _MOST_PARTS})
    parts = sorted(set(_by_part(info.get("otr"))) | set(current))
    return History(
        # What was unsent is to be forgotten, its earlier versions too.
        edits=tuple(
            sorted((edit for edit in edits if edit.part not in unsent), key=lambda edit: (edit.replaced_at, edit.part))
        ),
        edited_at=max(times, default=None),
        current=current.get(0) if len(parts) == 1 else None,
        parts=tuple(parts),
        unsent_parts=tuple(unsent),
    )


def _by_part(value: object) -> Mapping[int, Any]:
    """The entries whose keys are part numbers, written as text."""
    if not isinstance(value, dict):
        return {}
    return {
        int(key): entry for key, entry in value.items() if isinstance(key, str) and key.isdecimal() and len(key) < 6
    }


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(version: dict[Any, Any]) -> str | None:
    blob = version.get("t")
    text = decode_text(blob) if isinstance(blob, bytes) else None
    return None if text is None else clean(text)


def _moment(version: dict[Any, Any]) -> int | None:
    seconds = version.get("d")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds != seconds:
        return None
    return unix_of_seconds(seconds)
