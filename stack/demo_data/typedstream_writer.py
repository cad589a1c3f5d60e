"""Encodes a text as Messages stores it: an NSAttributedString in Apple's typedstream format."""

from itertools import pairwise
from typing import Final

_HEADER: Final = b"\x04\x0bstreamtyped\x81\xe8\x03"
_NEW: Final = b"\x84"
_NIL: Final = b"\x85"
_END: Final = b"\x86"
_FIRST_REFERENCE: Final = 0x92

_PART_ATTRIBUTE: Final = "__kIMMessagePartAttributeName"


def attributed_body(text: str, *, mutable: bool = False, split_at: tuple[int, ...] = ()) -> bytes:
    """Return the blob for `text`, one message part.

    `mutable` writes the mutable classes, as some versions of Messages do. `split_at` cuts the text (at these character
    positions) into runs that share one attribute dictionary, which the format writes only the first time.
    """
    stream = _Stream()
    stream.begin_typed("@")
    stream.begin_object(_MUTABLE_ATTRIBUTED_STRING if mutable else _ATTRIBUTED_STRING)
    stream.begin_typed("@")
    stream.string(text, _MUTABLE_STRING if mutable else _STRING)
    for index, length in enumerate(_run_lengths(text, split_at)):
        stream.begin_typed("iI")
        stream.integer(1)
        stream.integer(length)
        if index == 0:
            _part_attributes(stream)
    stream.end_object()
    return stream.to_bytes()


def _run_lengths(text: str, split_at: tuple[int, ...]) -> list[int]:
    """Run lengths count UTF-16 code units; an empty text has no run."""
    bounds = [0, *split_at, len(text)]
    runs = (text[start:end] for start, end in pairwise(bounds))
    return [len(run.encode("utf-16-le")) // 2 for run in runs if run]


def _part_attributes(stream: "_Stream") -> None:
    """Write the dictionary {part attribute: 0} that every message carries."""
    stream.begin_typed("@")
    stream.begin_object(_DICTIONARY)
    stream.begin_typed("i")
    stream.integer(1)
    stream.begin_typed("@")
    stream.string(_PART_ATTRIBUTE, _STRING)
    stream.begin_typed("@")
    stream.begin_object(_NUMBER)
    stream.begin_typed("*")
    stream.c_string("i")
    stream.begin_typed("i")
    stream.integer(0)
    stream.end_object()
    stream.end_object()


# A class is its chain of (name, version), the class itself first.
_Class = tuple[tuple[str, int], ...]
_OBJECT: Final[_Class] = (("NSObject", 0),)
_STRING: Final[_Class] = (("NSString", 1), *_OBJECT)
_MUTABLE_STRING: Final[_Class] = (("NSMutableString", 1), *_STRING)
_ATTRIBUTED_STRING: Final[_Class] = (("NSAttributedString", 0), *_OBJECT)
_MUTABLE_ATTRIBUTED_STRING: Final[_Class] = (("NSMutableAttributedString", 0), *_ATTRIBUTED_STRING)
_DICTIONARY: Final[_Class] = (("NSDictionary", 0), *_OBJECT)
_NUMBER: Final[_Class] = (("NSNumber", 0), ("NSValue", 0), *_OBJECT)


class _Stream:
    """A typedstream under construction, with the two tables that its references count through."""

    def __init__(self) -> None:
        self._out = bytearray(_HEADER)
        self._strings: dict[str, int] = {}
        self._classes: dict[str, int] = {}
        self._c_strings: dict[str, int] = {}
        self._objects = 0  # objects, classes and C strings share one numbering

    def to_bytes(self) -> bytes:
        return bytes(self._out)

    def begin_typed(self, encoding: str) -> None:
        self._shared_string(encoding)

    def begin_object(self, chain: _Class) -> None:
        self._out += _NEW
        self._objects += 1
        for name, version in chain:
            if name in self._classes:
                self._reference(self._classes[name])
                return
            self._out += _NEW
            self._shared_string(name)
            self.integer(version)
            self._classes[name] = self._objects
            self._objects += 1
        self._out += _NIL

    def end_object(self) -> None:
        self._out += _END

    def string(self, text: str, chain: _Class) -> None:
        self.begin_object(chain)
        self.begin_typed("+")
        content = text.encode()
        self.integer(len(content))
        self._out += content
        self.end_object()

    def c_string(self, value: str) -> None:
        if value in self._c_strings:
            self._reference(self._c_strings[value])
            return
        self._out += _NEW
        self._shared_string(value)
        self._c_strings[value] = self._objects
        self._objects += 1

    def integer(self, value: int) -> None:
        """Write one byte, or a tag and two or four bytes."""
        if value < 0x80:
            self._out.append(value)
        elif value < 0x8000:
            self._out += b"\x81" + value.to_bytes(2, "little")
        else:
            self._out += b"\x82" + value.to_bytes(4, "little")

    def _shared_string(self, value: str) -> None:
        if value in self._strings:
            self._reference(self._strings[value])
            return
        self._strings[value] = len(self._strings)
        self._out += _NEW
        self.integer(len(value))
        self._out += value.encode()

    def _reference(self, number: int) -> None:
        self._out.append(_FIRST_REFERENCE + number)
