"""Takes the type encodings of a typedstream apart: what kinds of values follow, and in which order.

An encoding is a string of Objective-C types, one for each value that follows: a letter, `[12i]` for an array, `{name=if}`
for a structure. (Documented by imessage-exporter and pytypedstream.)
"""

import re
from typing import Final, NamedTuple

from agent.chatdb.typedstream.errors import Malformed

# Each of these takes at least one byte in the stream, so the work that a blob can ask for is bounded by its size.
_SIMPLE: Final = frozenset(b"@#*:+BcCsSiIlLqQfd")
_BYTES: Final = frozenset(b"cC")
_STRUCTURE_NAME: Final = re.compile(rb"[^][{}=]*=")
_MOST_DIGITS: Final = 10
_DEEPEST: Final = 4


class Array(NamedTuple):
    """So many values of one type."""

    length: int
    element: "Type"

    @property
    def is_bytes(self) -> bool:
        """Arrays of characters lie in the stream as they are."""
        return self.element in _BYTES


class Structure(NamedTuple):
    """One value after another."""

    fields: tuple["Type", ...]


Type = int | Array | Structure  # an int is the letter of a simple type

_NO_BYTES: Final = Array(0, ord("c"))


def parse_types(encoding: bytes) -> tuple[Type, ...]:
    """Return the types in `encoding`; raise Malformed if there is none, or one that typedstreams do not have."""
    if encoding == b"[0c]":
        return (_NO_BYTES,)  # an empty NSData
    types, end = _parse_until_close(encoding, 0, 0)
    if end != len(encoding):
        raise Malformed
    return types


def _parse_until_close(encoding: bytes, position: int, depth: int) -> tuple[tuple[Type, ...], int]:
    """Read one type or more, up to a closing bracket or the end; return them and where they end."""
    types: list[Type] = []
    while position < len(encoding) and encoding[position] not in b"]}":
        kind, position = _parse_type(encoding, position, depth)
        types.append(kind)
    if not types:
        raise Malformed
    return tuple(types), position


def _parse_type(encoding: bytes, position: int, depth: int) -> tuple[Type, int]:
    letter = encoding[position]
    if letter in _SIMPLE:
        return letter, position + 1
    if depth == _DEEPEST:
        raise Malformed
    if letter == ord("["):
        return _parse_array(encoding, position + 1, depth + 1)
    if letter == ord("{"):
        return _parse_structure(encoding, position + 1, depth + 1)
    raise Malformed


def _parse_array(encoding: bytes, position: int, depth: int) -> tuple[Array, int]:
    """Read `12i]`. Reading an array of no elements would be work that no byte pays for, so only NSData may have one."""
    start = position
    while encoding[position : position + 1].isdigit():
        position += 1
    digits = encoding[start:position]
    if not 0 < len(digits) <= _MOST_DIGITS or not (length := int(digits)):
        raise Malformed
    elements, position = _parse_until_close(encoding, position, depth)
    if len(elements) != 1 or encoding[position : position + 1] != b"]":
        raise Malformed
    return Array(length, elements[0]), position + 1


def _parse_structure(encoding: bytes, position: int, depth: int) -> tuple[Structure, int]:
    """Read `name=if}`; the name and its equals sign may be missing."""
    if name := _STRUCTURE_NAME.match(encoding, position):
        position = name.end()
    fields, position = _parse_until_close(encoding, position, depth)
    if encoding[position : position + 1] != b"}":
        raise Malformed
    return Structure(fields), position + 1
