"""Writes what a typedstream is made of: numbers, strings, classes and objects, and references to what came before."""

import struct
from collections.abc import Hashable
from typing import Final

# A class is its chain of (name, version), the class itself first.
Class = tuple[tuple[str, int], ...]

_HEADER: Final = b"\x04\x0bstreamtyped\x81\xe8\x03"
_REAL: Final = b"\x83"
_NEW: Final = b"\x84"
_NIL: Final = b"\x85"
_END: Final = b"\x86"
_SMALLEST_LITERAL: Final = -110  # the numbers below it, down to -128, are the tags; references count from it


class Stream:
    """A typedstream under construction, with the two tables that its references count through."""

    def __init__(self) -> None:
        self._out = bytearray(_HEADER)
        self._strings: dict[str, int] = {}
        # Objects, classes and C strings share one numbering.
        self._numbered = 0
        self._classes: dict[str, int] = {}
        self._c_strings: dict[str, int] = {}
        self._objects: dict[Hashable, int] = {}

    def to_bytes(self) -> bytes:
        """Return all that was written."""
        return bytes(self._out)

    def begin_group(self, encoding: str) -> None:
        """Write the types of the values that follow."""
        self._shared_string(encoding)

    def begin_object(self, chain: Class, name: Hashable = None) -> None:
        """Write the start of an object; with a name it can be referred to."""
        self._out += _NEW
        if name is not None:
            self._objects[name] = self._numbered
        self._numbered += 1
        for class_name, version in chain:
            if class_name in self._classes:
                self._reference(self._classes[class_name])
                return
            self._out += _NEW
            self._shared_string(class_name)
            self.integer(version)
            self._classes[class_name] = self._numbered
            self._numbered += 1
        self._out += _NIL

    def end_object(self) -> None:
        """Write the end of the object that was begun last."""
        self._out += _END

    def refer_to(self, name: Hashable) -> bool:
        """Write a reference to the object of this name, if there is one."""
        if name not in self._objects:
            return False
        self._reference(self._objects[name])
        return True

    def c_string(self, value: str) -> None:
        """Write a C string, or a reference to it."""
        if value in self._c_strings:
            self._reference(self._c_strings[value])
            return
        self._out += _NEW
        self._shared_string(value)
        self._c_strings[value] = self._numbered
        self._numbered += 1

    def unshared_string(self, content: bytes) -> None:
        """Write a length and the bytes."""
        self.integer(len(content))
        self._out += content

    def raw(self, content: bytes) -> None:
        """Write an array of characters."""
        self._out += content

    def integer(self, value: int) -> None:
        """Write one byte, or a tag and two, four or eight bytes."""
        if _SMALLEST_LITERAL <= value < 0x80:
            self._out += value.to_bytes(1, "little", signed=True)
        elif -0x8000 <= value < 0x8000:
            self._out += b"\x81" + value.to_bytes(2, "little", signed=True)
        elif -0x8000_0000 <= value < 0x8000_0000:
            self._out += b"\x82" + value.to_bytes(4, "little", signed=True)
        else:
            self._out += b"\x87" + value.to_bytes(8, "little", signed=True)

    def double(self, value: float) -> None:
        """Write a whole number as an integer, any other as a tag and eight bytes."""
        if value.is_integer() and -0x8000_0000 <= value < 0x8000_0000:
            self.integer(int(value))
        else:
            self._out += _REAL + struct.pack("<d", value)

    def _shared_string(self, value: str) -> None:
        if value in self._strings:
            self._reference(self._strings[value])
            return
        self._strings[value] = len(self._strings)
        self._out += _NEW
        self.unshared_string(value.encode())

    def _reference(self, number: int) -> None:
        self.integer(_SMALLEST_LITERAL + number)
