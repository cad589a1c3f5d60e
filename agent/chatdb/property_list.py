"""Reads binary property lists that may be damaged, or made to do harm."""

import plistlib
from typing import Final

_START: Final = b"bplist00"
_TRAILER: Final = 32
_MOST_OBJECTS: Final = 20_000
_MOST_ENTRIES: Final = 100_000

# The kinds of objects, as the upper half of the byte that each begins with.
_INTEGER, _REAL, _DATA, _ASCII, _UTF_16, _ARRAY, _DICTIONARY = 0x1, 0x2, 0x4, 0x5, 0x6, 0xA, 0xD
_UNITS: Final = {_DATA: 1, _ASCII: 1, _UTF_16: 2}
_NAMES: Final = {_ARRAY: 1, _DICTIONARY: 2}
_LENGTH_FOLLOWS: Final = 0xF


def read_property_list(blob: object, largest: int) -> object:
    """Return what a list of at most so many bytes holds; None for what is no such list, or asks for more than it may.

    Objects may be named by many others, and nothing in the format keeps them from lying over each other: a hundred kilobytes
    can be unfolded to a quarter of a gigabyte. So their sizes are added up before anything is unfolded.
    """
    if not isinstance(blob, bytes) or len(blob) > largest or not _is_sound(blob):
        return None
    try:
        return plistlib.loads(blob, fmt=plistlib.FMT_BINARY)
    except Exception:  # plistlib raises whatever a damaged list makes it stumble over
        return None


def _is_sound(blob: bytes) -> bool:
    """Whether the objects are few, and together no larger than the list, as they are when each has its own place in it."""
    if len(blob) < len(_START) + _TRAILER or not blob.startswith(_START):
        return False
    offset_size, reference_size = blob[-26], blob[-25]
    count, table = int.from_bytes(blob[-24:-16], "big"), int.from_bytes(blob[-8:], "big")
    if not offset_size or count > _MOST_OBJECTS or table + count * offset_size > len(blob):
        return False
    entries = size = 0
    for place in range(table, table + count * offset_size, offset_size):
        kind, length = _head(blob, _number(blob, place, offset_size))
        if kind in _NAMES:
            entries += length * _NAMES[kind]
            size += length * _NAMES[kind] * reference_size
        elif kind in _UNITS:
            size += length * _UNITS[kind]
        elif kind in (_INTEGER, _REAL):
            size += 1 << length
        if entries > _MOST_ENTRIES or size > len(blob):
            return False
    return True


def _head(blob: bytes, offset: int) -> tuple[int, int]:
    """The kind of the object at a place, and its length as it is written there."""
    marker = _number(blob, offset, 1)
    kind, length = marker >> 4, marker & 0xF
    if length == _LENGTH_FOLLOWS and (kind in _UNITS or kind in _NAMES):
        length = _number(blob, offset + 2, 1 << (_number(blob, offset + 1, 1) & 3))
    return kind, length


def _number(blob: bytes, place: int, size: int) -> int:
    """A number of so many bytes; of what lies behind the end nothing counts."""
    return int.from_bytes(blob[place : place + size], "big")
