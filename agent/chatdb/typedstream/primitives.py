"""Reads what a typedstream is made of: numbers, bytes, strings, and references.

The format, as documented by imessage-exporter and pytypedstream: a byte of 0x80 to 0x91 is a
tag, any other is a number itself. Behind 0x81 a number has two bytes, behind 0x82 four, behind 0x87 eight (if its type is
that wide). The type says whether it is signed: a byte above the tags is -110 to -1 in a signed type, 146 to 255 in an
unsigned one. Strings that repeat, type encodings and names, are numbered in the order in which they appear.
"""

import struct
from collections.abc import Mapping
from typing import Final

from agent.chatdb.typedstream.errors import Malformed

INT16: Final = 0x81
INT32: Final = 0x82
REAL: Final = 0x83
NEW: Final = 0x84
NIL: Final = 0x85
END: Final = 0x86
INT64: Final = 0x87
FIRST_LITERAL: Final = 0x92  # the first byte behind the tags: -110 as a signed number, and the first reference

_SIZES: Final = {INT16: 2, INT32: 4}
_LONG_SIZES: Final = {INT16: 2, INT32: 4, INT64: 8}
_FLOAT: Final = struct.Struct("<f")
_DOUBLE: Final = struct.Struct("<d")


class Primitives:
    """A position in a blob, and the strings that were numbered on the way there.

    Every method reads at the position and moves it on, or raises one of UNREADABLE.
    """

    __slots__ = ("blob", "position", "strings")

    def __init__(self, blob: bytes, position: int, strings: list[bytes]) -> None:
        self.blob = blob
        self.position = position
        self.strings = strings

    def take(self, size: int) -> bytes:
        """Read so many bytes."""
        start = self.position
        self.position = end = start + size
        if end > len(self.blob):
            raise Malformed
        return self.blob[start:end]

    def skips(self, byte: int) -> bool:
        """Pass over this byte if it is the next one."""
        if self.blob[self.position] != byte:
            return False
        self.position += 1
        return True

    def signed(self) -> int:
        """Read an integer of up to 32 bits that may be negative."""
        head = self.blob[self.position]
        if 0x80 <= head < FIRST_LITERAL:
            return self._tagged(_SIZES, signed=True)
        self.position += 1
        return head if head < 0x80 else head - 0x100

    def count(self) -> int:
        """Read a signed integer that must not be negative."""
        count = self.signed()
        if count < 0:
            raise Malformed
        return count

    def unsigned(self) -> int:
        """Read an integer of up to 32 bits that is not negative, such as a length."""
        head = self.blob[self.position]
        if 0x80 <= head < FIRST_LITERAL:
            return self._tagged(_SIZES, signed=False)
        self.position += 1
        return head

    def signed_long(self) -> int:
        """Read an integer of up to 64 bits that may be negative."""
        return self._tagged(_LONG_SIZES, signed=True) if self.blob[self.position] == INT64 else self.signed()

    def unsigned_long(self) -> int:
        """Read an integer of up to 64 bits that is not negative."""
        return self._tagged(_LONG_SIZES, signed=False) if self.blob[self.position] == INT64 else self.unsigned()

    def _tagged(self, sizes: Mapping[int, int], *, signed: bool) -> int:
        size = sizes.get(self.blob[self.position])
        if size is None:
            raise Malformed
        self.position += 1
        return int.from_bytes(self.take(size), "little", signed=signed)

    def signed_character(self) -> int:
        """Read a byte that may be negative; no tag ever stands before a character."""
        byte = self.unsigned_character()
        return byte if byte < 0x80 else byte - 0x100

    def unsigned_character(self) -> int:
        """Read a byte."""
        byte = self.blob[self.position]
        self.position += 1
        return byte

    def boolean(self) -> bool:
        """Read a byte that is 0 or 1."""
        byte = self.unsigned_character()
        if byte > 1:
            raise Malformed
        return byte == 1

    def single(self) -> float:
        """Read a number of single precision; a whole one is stored as an integer."""
        return self._real(_FLOAT)

    def double(self) -> float:
        """Read a number of double precision; a whole one is stored as an integer."""
        return self._real(_DOUBLE)

    def _real(self, layout: struct.Struct) -> float:
        if not self.skips(REAL):
            return float(self.signed_long())
        (number,) = layout.unpack(self.take(layout.size))
        return float(number)

    def unshared_string(self) -> bytes | None:
        """Read a length and that many bytes, or nil."""
        return None if self.skips(NIL) else self.take(self.unsigned())

    def shared_string(self) -> bytes:
        """Read a string that gets a number, or a reference to one."""
        head = self.blob[self.position]
        if head != NEW:
            return self.strings[self.reference()]
        self.position += 1
        content = self.take(self.unsigned())
        self.strings.append(content)
        return content

    def expect(self, string: bytes) -> None:
        """Read a shared string, such as a type encoding, which must be this one."""
        blob, position = self.blob, self.position
        head = blob[position]
        if head >= FIRST_LITERAL:
            self.position = position + 1
            found = self.strings[head - FIRST_LITERAL]
        elif head == NEW and blob[position + 1] == len(string) and blob.startswith(string, position + 2):
            self.position = position + 2 + len(string)
            self.strings.append(string)
            return
        else:
            found = self.shared_string()
        if found != string:
            raise Malformed

    def selector(self) -> bytes | None:
        """Read the name of a method, or nil."""
        return None if self.skips(NIL) else self.shared_string()

    def reference(self) -> int:
        """Read a reference and return the number that it means: a signed integer that counts from -110."""
        head = self.blob[self.position]
        if head >= FIRST_LITERAL:
            self.position += 1
            return head - FIRST_LITERAL
        number = self.signed() + 0x100 - FIRST_LITERAL
        if number < 0:
            raise Malformed
        return number
