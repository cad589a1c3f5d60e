"""Reads the objects of a typedstream, and the groups of values that they hold.

The format, as documented by imessage-exporter and pytypedstream: an object is its class and
groups of values, each group behind its type encoding, so that objects of any class can be passed over. Objects, classes
and C strings are numbered together in the order in which they begin, and may be referred to from then on.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from agent.chatdb.typedstream.attributed_text import Opaque
from agent.chatdb.typedstream.classes import ArchivedClass, KnownClasses
from agent.chatdb.typedstream.errors import Malformed
from agent.chatdb.typedstream.numbered import CString, NumberedReader
from agent.chatdb.typedstream.primitives import END, FIRST_LITERAL, NEW, NIL, Primitives
from agent.chatdb.typedstream.strings import decode_string
from agent.chatdb.typedstream.type_encodings import Structure, Type, parse_types

# Version 4 of the streamer, little-endian, system version 1000: the only header that a Mac with Messages writes; and the
# type of the root, which is an object.
HEADER: Final = b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@"

OBJECT_TYPE: Final = FIRST_LITERAL  # "@" is the first string of every stream, so this is the reference to it.
_DEEPEST: Final = 32
# A list or dictionary that is referred to counts with all that it holds, each time: no small blob unfolds into a huge tree.
_SHARED_VALUES_PER_BYTE: Final = 2

Number = bool | int | float


class Reader(NumberedReader):
    """A position in a blob, and all that references on the way on may mean."""

    __slots__ = ("_depth", "_parsed", "_shared_values", "number_heads", "string_head")

    def __init__(
        self, blob: bytes, classes: KnownClasses, position: int, strings: list[bytes], objects: list[Any]
    ) -> None:
        super().__init__(blob, position, strings)
        self._classes = classes
        self.objects = objects
        # How the last string began, up to its length, and numbers of each type, up to their value. What begins with the
        # same bytes is of the same form, because these bytes are references, and those never change their meaning.
        self.string_head = b"none yet"
        self.number_heads: dict[bytes, Callable[[Primitives], Number]] = {}
        self._parsed: dict[bytes, tuple[Type, ...]] = {}
        self._depth = 0
        self._shared_values = _SHARED_VALUES_PER_BYTE * len(blob)

    @classmethod
    def of(cls, blob: bytes, classes: KnownClasses) -> "Reader":
        """Return a reader that stands where the root object begins."""
        if not blob.startswith(HEADER):
            raise Malformed
        return cls(blob, classes, len(HEADER), [b"@"], [])

    def continue_in(self, blob: bytes, position: int) -> "Reader":
        """Return a reader that stands at a position of another blob, and has met the same on its way."""
        reader = Reader(blob, self._classes, position, self.strings.copy(), self.objects.copy())
        reader.string_head = self.string_head
        reader.number_heads = self.number_heads.copy()
        reader._depth = self._depth
        return reader

    def object_groups(self, count: int) -> list[Any]:
        """Read so many groups of one object each."""
        blob, objects, position = self.blob, self.objects, self.position
        values: list[Any] = []
        for _ in range(count):
            head = blob[position + 1]
            if head >= FIRST_LITERAL and blob[position] == OBJECT_TYPE:
                value = objects[head - FIRST_LITERAL]
                position += 2
                if type(value) is not str and type(value) is not int:
                    self._check_shared(value)
            elif blob.startswith(self.string_head, position) and blob[position + 4] < 0x80:
                start = position + 5
                end = start + blob[position + 4]
                value = decode_string(blob[start:end])
                objects.append(value)
                position = end + 1
                if blob[end] != END:
                    raise Malformed
            elif read := self.number_heads.get(blob[position : position + 6]):
                self.position = position + 6
                value = read(self)
                objects.append(value)
                position = self.position + 1
                if blob[self.position] != END:
                    raise Malformed
            else:
                self.position = position
                value = self.object_group()
                position = self.position
            values.append(value)
        self.position = position
        return values

    def object_group(self) -> Any:
        """Read a group of one object."""
        if self.blob[self.position] == OBJECT_TYPE:
            self.position += 1
        else:
            self.expect(b"@")
        return self.object()

    def object(self) -> Any:
        """Read an object, a reference to one, or nil; return its plain value."""
        if self.blob[self.position] != NEW:
            return None if self.skips(NIL) else self._known_object()
        number, archived = self.begin_object()
        read = archived.read
        if read and archived.is_leaf:
            value = read(self)
        elif self._depth == _DEEPEST:
            raise Malformed
        else:
            self._depth += 1
            value = read(self) if read else self._passed_over(archived)
            self._depth -= 1
        self.objects[number] = value
        if self.blob[self.position] != END:
            raise Malformed
        self.position += 1
        return value

    def begin_object(self) -> tuple[int, ArchivedClass]:
        """Read the start of a new object; return its number and its class."""
        blob, objects, position = self.blob, self.objects, self.position
        if blob[position] != NEW:
            raise Malformed
        number = len(objects)
        head = blob[position + 1]
        # What refers to an object before its end is inside of it, and plain values hold no circles: till then it is opaque.
        if head >= FIRST_LITERAL:
            self.position = position + 2
            archived = objects[head - FIRST_LITERAL]
            if type(archived) is not ArchivedClass:
                raise Malformed
            objects.append(archived.opaque)
        else:
            self.position = position + 1
            objects.append(None)
            archived = self.new_class() if head == NEW else self.known_class()
            objects[number] = archived.opaque
        return number, archived

    def open_object(self) -> int:
        """Read the start of a new object that is read by the caller; return its number."""
        number, _ = self.begin_object()
        self._depth += 1
        return number

    def close_object(self, number: int, value: Any) -> None:
        """Read the end of an object that was opened, whose value is known now."""
        if self.blob[self.position] != END:
            raise Malformed
        self.position += 1
        self._depth -= 1
        self.objects[number] = value

    def _passed_over(self, archived: ArchivedClass) -> Opaque:
        """Read all groups of an object, of any types, for the numbers that their parts get."""
        while self.blob[self.position] != END:
            for kind in self._types(self.shared_string()):
                self._value(kind)
        return archived.opaque

    def _known_object(self) -> Any:
        value = self.objects[self.reference()]
        self._check_shared(value)
        return value

    def _check_shared(self, value: Any) -> None:
        """Check what a reference found: an object, and not too much."""
        if type(value) is ArchivedClass or type(value) is CString:
            raise Malformed
        if type(value) is dict or type(value) is list:
            self._count_shared(value, self._depth)

    def _count_shared(self, value: dict[str, Any] | list[Any], depth: int) -> None:
        self._shared_values -= 1 + len(value)
        if self._shared_values < 0 or depth == _DEEPEST:
            raise Malformed
        for item in value.values() if isinstance(value, dict) else value:
            if type(item) is dict or type(item) is list:
                self._count_shared(item, depth + 1)

    def count_group(self) -> int:
        """Read a group of one integer that is not negative."""
        self.expect(b"i")
        return self.count()

    def group_of(self, encoding: bytes) -> Any:
        """Read a group of one value, of this type."""
        self.expect(encoding)
        types = self._types(encoding)
        if len(types) != 1:
            raise Malformed
        return self._value(types[0])

    def _types(self, encoding: bytes) -> tuple[Type, ...]:
        types = self._parsed.get(encoding)
        if types is None:
            types = self._parsed[encoding] = parse_types(encoding)
        return types

    def _value(self, kind: Type) -> Any:
        if isinstance(kind, int):
            return _SIMPLE[kind](self)
        if isinstance(kind, Structure):
            return [self._value(field) for field in kind.fields]
        if kind.is_bytes:
            return self.take(kind.length)
        return [self._value(kind.element) for _ in range(kind.length)]


_SIMPLE: Final[Mapping[int, Callable[[Reader], Any]]] = {
    ord("@"): Reader.object,
    ord("#"): Reader.class_value,
    ord("*"): Reader.c_string,
    ord(":"): Reader.selector,
    ord("+"): Reader.unshared_string,
    ord("B"): Reader.boolean,
    ord("c"): Reader.signed_character,
    ord("C"): Reader.unsigned_character,
    **dict.fromkeys(b"si", Reader.signed),
    **dict.fromkeys(b"SI", Reader.unsigned),
    **dict.fromkeys(b"lq", Reader.signed_long),
    **dict.fromkeys(b"LQ", Reader.unsigned_long),
    ord("f"): Reader.single,
    ord("d"): Reader.double,
}
