"""Decodes the text of an attributedBody: an NSAttributedString in Apple's typedstream format.

Strict on purpose. A blob that is not exactly what Messages writes gives None, and the caller falls back to the text
column: a missing text is better than a wrong one.
"""

from typing import Final

_SIGNATURE: Final = b"\x04\x0bstreamtyped\x81\xe8\x03"  # streamer version 4, system version 1000

_UINT16: Final = 0x81
_UINT32: Final = 0x82
_NEW: Final = 0x84
_NIL: Final = 0x85
_END_OF_OBJECT: Final = 0x86
_FIRST_REFERENCE: Final = 0x92
_OBJECT_TYPE: Final = 0x92  # "@" is always the first string of the stream, so this is the reference to it.

_ATTRIBUTED: Final = {b"NSAttributedString", b"NSMutableAttributedString"}
_PLAIN: Final = {b"NSString", b"NSMutableString"}
_LONGEST_CLASS_NAME: Final = 64

# What nearly every blob starts with; comparing it whole spares the walk through the class descriptions.
_COMMON_START: Final = (
    _SIGNATURE
    + b"\x84\x01@"
    + b"\x84\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject\x00\x85"
    + b"\x92\x84\x84\x84\x08NSString\x01\x94\x84\x01+"
)
_COMMON_LENGTH: Final = len(_COMMON_START)


class _Malformed(Exception):
    """The blob is not an attributed string; never leaves this module."""


def decode_text(blob: bytes) -> str | None:
    """Return the plain text of the attributed string in `blob`, or None if it holds none."""
    if blob.startswith(_COMMON_START):
        return _string_at(blob, _COMMON_LENGTH)
    try:
        return _string_at(blob, _find_string(blob))
    except (_Malformed, IndexError):
        return None


def _string_at(blob: bytes, position: int) -> str | None:
    """Read a length and that many bytes of text, which an end-of-object byte must follow.

    That byte is also a UTF-8 continuation byte, so a length that is too short cuts a character in two and fails.
    """
    head = blob[position] if position < len(blob) else _NIL
    if head < 0x80:
        start, size = position + 1, head
    elif head == _UINT16:
        start, size = position + 3, int.from_bytes(blob[position + 1 : position + 3], "little")
    elif head == _UINT32:
        start, size = position + 5, int.from_bytes(blob[position + 1 : position + 5], "little")
    else:
        return None
    end = start + size
    if end >= len(blob) or blob[end] != _END_OF_OBJECT:
        return None
    try:
        return blob[start:end].decode()
    except UnicodeDecodeError:
        return _utf16(blob[start:end])


def _utf16(content: bytes) -> str | None:
    """Some Macs store the string as UTF-16 behind a byte order mark, which is never valid UTF-8."""
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    try:
        return content.decode("utf-16")
    except UnicodeDecodeError:
        return None


def _find_string(blob: bytes) -> int:
    """Walk to the length of the first string, for streams that do not start in the common way."""
    if not blob.startswith(_SIGNATURE + b"\x84\x01@"):
        raise _Malformed
    known: list[bytes | None] = []  # what a reference may point to: class names, and None for other objects
    position = _object_of(blob, len(_SIGNATURE) + 3, known, _ATTRIBUTED)
    if blob[position] != _OBJECT_TYPE:
        raise _Malformed
    position = _object_of(blob, position + 1, known, _PLAIN)
    if blob[position : position + 3] != b"\x84\x01+":
        raise _Malformed
    return position + 3


def _object_of(blob: bytes, position: int, known: list[bytes | None], names: set[bytes]) -> int:
    """Step over the start of an object whose class is one of `names`."""
    if blob[position] != _NEW:
        raise _Malformed
    known.append(None)
    name, position = _class(blob, position + 1, known)
    if name not in names:
        raise _Malformed
    return position


def _class(blob: bytes, position: int, known: list[bytes | None]) -> tuple[bytes, int]:
    """Read a class and its chain of superclasses; return its name and where it ends."""
    first: bytes | None = None
    while (head := blob[position]) == _NEW:
        name, position = _class_name(blob, position + 1)
        known.append(name)
        first = first or name
    if head != _NIL:
        ancestor = _referenced_class(head, known)
        first = first or ancestor
    if first is None:
        raise _Malformed
    return first, position + 1


def _class_name(blob: bytes, position: int) -> tuple[bytes, int]:
    """Read a literal name and its one-byte version."""
    if blob[position] != _NEW or blob[position + 1] > _LONGEST_CLASS_NAME:
        raise _Malformed
    end = position + 2 + blob[position + 1]
    if blob[end] >= 0x80:  # a version outside 0..127 was never seen
        raise _Malformed
    return blob[position + 2 : end], end + 1


def _referenced_class(head: int, known: list[bytes | None]) -> bytes:
    index = head - _FIRST_REFERENCE
    name = known[index] if 0 <= index < len(known) else None
    if name is None:
        raise _Malformed
    return name
