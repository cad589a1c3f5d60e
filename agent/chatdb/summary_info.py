"""Reads `message_summary_info`: how a message was edited, and which of its parts were unsent."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from agent.chatdb.dates import unix_of_seconds
from agent.chatdb.property_list import read_property_list
from agent.chatdb.records import Edit
from agent.chatdb.texts import clean
from agent.chatdb.typedstream import decode_text

# Larger ones are not written by Messages: a text of 20,000 characters edited five times is half of it.
_LARGEST: Final = 4_000_000
_MOST_PARTS: Final = 100_000
_MOST_EDITED_PARTS: Final = 100
_MOST_EDITS: Final = 50  # the contract's limit
# Of earlier versions together, so that a message with all of them fits into a request many times over.
_MOST_BYTES_OF_EDITS: Final = 200_000
# Keys as the format writes them: a marker for an ASCII string of two characters, and the string.
_EDITS, _UNSENT = b"\x52ec", b"\x52rp"


class History(NamedTuple):
    """What happened to a message after it was sent."""

    edits: tuple[Edit, ...] = ()
    """Earlier versions, oldest first; where they are too many or too long, the newest of them."""
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
    return _history(info, min(len(blob), _MOST_BYTES_OF_EDITS)) if isinstance(info, dict) else NO_HISTORY


class _Replaced(NamedTuple):
    """A version that another one took the place of."""

    at: int
    part: int
    version: dict[Any, Any]


def _history(info: dict[Any, Any], most_bytes: int) -> History:
    replaced: list[_Replaced] = []
    current: dict[int, dict[Any, Any]] = {}
    for part, versions in sorted(_by_part(info.get("ec")).items())[:_MOST_EDITED_PARTS]:
        whole = [version for version in _list(versions)[-_MOST_EDITS - 1 :] if isinstance(version, dict)]
        moments = [_moment(version) for version in whole[1:]]
        replaced += [
            _Replaced(at, part, version) for version, at in zip(whole, moments, strict=False) if at is not None
        ]
        if whole:
            current[part] = whole[-1]
    unsent = sorted({part for part in _list(info.get("rp")) if isinstance(part, int) and 0 <= part < _MOST_PARTS})
    parts = sorted(set(_by_part(info.get("otr"))) | set(current))
    return History(
        # What was unsent is to be forgotten, its earlier versions too.
        edits=_edits([one for one in replaced if one.part not in unsent], most_bytes),
        edited_at=max((one.at for one in replaced), default=None),
        current=_text(current[0]) if len(parts) == 1 and 0 in current else None,
        parts=tuple(parts),
        unsent_parts=tuple(unsent),
    )


def _edits(replaced: Iterable[_Replaced], most_bytes: int) -> tuple[Edit, ...]:
    """The newest of these versions, oldest first, as many as fit.

    Their texts are not longer than the list that holds them, unless many versions share one text. What is shared counts each
    time, because it is sent and decoded each time.
    """
    edits: list[Edit] = []
    to_decode = _LARGEST
    in_order = sorted(replaced, key=lambda one: (one.at, one.part))
    for one in reversed(in_order):
        to_decode -= _size(one.version)
        if len(edits) == _MOST_EDITS or to_decode < 0:
            break
        text = _text(one.version)
        if text is None:
            continue
        most_bytes -= len(text.encode(errors="surrogatepass"))
        if most_bytes < 0:
            break
        edits.append(Edit(text, one.at, one.part))
    return tuple(reversed(edits))


def _by_part(value: object) -> Mapping[int, Any]:
    """The entries whose keys are part numbers, written as text."""
    if not isinstance(value, dict):
        return {}
    return {
        int(key): entry for key, entry in value.items() if isinstance(key, str) and key.isdecimal() and len(key) < 6
    }


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _size(version: dict[Any, Any]) -> int:
    blob = version.get("t")
    return len(blob) if isinstance(blob, bytes) else 0


def _text(version: dict[Any, Any]) -> str | None:
    blob = version.get("t")
    text = decode_text(blob) if isinstance(blob, bytes) else None
    return None if text is None else clean(text)


def _moment(version: dict[Any, Any]) -> int | None:
    seconds = version.get("d")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds != seconds:
        return None
    return unix_of_seconds(seconds)
