"""Decodes the bytes of strings."""

from agent.chatdb.typedstream.primitives import END, FIRST_LITERAL, INT16, INT32

_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decode_string(content: bytes) -> str:
    """Return the text of `content`: UTF-8, or UTF-16 behind a byte order mark, which is never valid UTF-8.

    Raises UnicodeDecodeError where it is neither.
    """
    try:
        return content.decode()
    except UnicodeDecodeError:
        if not content.startswith(_BYTE_ORDER_MARKS):
            raise
        return content.decode("utf-16")


def framed_string(blob: bytes, position: int) -> tuple[str, int] | None:
    """Read a length and that many bytes of text, which the end of an object must follow; return where that is.

    The byte of that end begins no UTF-8 character, it only continues one. So a length that is too short cuts a character
    in two, one that is too long takes an end that no character began, and neither gives a text. (In UTF-16 a length that is
    too short can pass, where the character behind it begins with that byte.)
    """
    size, start = length_at(blob, position)
    end = start + size
    if end >= len(blob) or blob[end] != END:
        return None
    try:
        return decode_string(blob[start:end]), end
    except UnicodeDecodeError:
        return None


def length_at(blob: bytes, position: int) -> tuple[int, int]:
    """Read a length; return it and where it ends. Where there is none, the length is more than the blob has."""
    head = blob[position] if position < len(blob) else END
    if head < 0x80 or head >= FIRST_LITERAL:
        return head, position + 1
    if head == INT16:
        return int.from_bytes(blob[position + 1 : position + 3], "little"), position + 3
    if head == INT32:
        return int.from_bytes(blob[position + 1 : position + 5], "little"), position + 5
    return len(blob), position
