"""The Foundation classes that Messages archives, and the plain values that their objects stand for.

What each holds is documented by imessage-exporter and pytypedstream. A class is only taken for
the one of that name if its version and its superclasses are the documented ones too: another version is another format.
"""

from collections.abc import Callable
from typing import Any, Final

from agent.chatdb.typedstream.attributed_text import Opaque
from agent.chatdb.typedstream.classes import ArchivedClass, KnownClasses
from agent.chatdb.typedstream.errors import Malformed
from agent.chatdb.typedstream.primitives import FIRST_LITERAL, NEW, Primitives
from agent.chatdb.typedstream.reader import OBJECT_TYPE, Number, Reader
from agent.chatdb.typedstream.strings import decode_string

_LONGEST_TYPE: Final = 255

_NUMBERS: Final[dict[bytes, Callable[[Primitives], Number]]] = {
    b"i": Primitives.signed,
    b"q": Primitives.signed_long,
    b"d": Primitives.double,
    b"c": Primitives.signed_character,
    b"B": Primitives.boolean,
    b"C": Primitives.unsigned_character,
    b"s": Primitives.signed,
    b"S": Primitives.unsigned,
    b"I": Primitives.unsigned,
    b"l": Primitives.signed_long,
    b"L": Primitives.unsigned_long,
    b"Q": Primitives.unsigned_long,
    b"f": Primitives.single,
}


def _read_string(reader: Reader) -> str:
    """NSString: its text."""
    head = reader.blob[reader.position - 3 : reader.position + 1]
    reader.expect(b"+")
    content = reader.unshared_string()
    if content is None:
        raise Malformed
    if _is_repeatable(head):
        reader.string_head = head
    return decode_string(content)


def _read_number(reader: Reader) -> Number:
    """NSNumber: a type as a C string, and a group of that type."""
    head = reader.blob[reader.position - 3 : reader.position + 3]
    reader.expect(b"*")
    encoding = reader.c_string()
    read = _NUMBERS.get(encoding) if encoding else None
    if encoding is None or read is None:
        raise Malformed
    reader.expect(encoding)
    if _is_repeatable(head):
        reader.number_heads[head] = read
    return read(reader)


def _is_repeatable(head: bytes) -> bool:
    """Whether these are the type of an object, the tag of a new one, and references of one byte, to its class first."""
    return head[0] == OBJECT_TYPE and head[1] == NEW and min(head[2:]) >= FIRST_LITERAL


def _read_value(reader: Reader) -> Any:
    """NSValue: as NSNumber, but of any type; a structure is a list."""
    reader.expect(b"*")
    encoding = reader.c_string()
    if encoding is None or len(encoding) > _LONGEST_TYPE:
        raise Malformed
    return reader.group_of(encoding)


def _read_data(reader: Reader) -> bytes:
    """NSData: a length, and an array of so many characters."""
    length = reader.count_group()
    reader.expect(b"[%dc]" % length)
    return reader.take(length)


def _read_date(reader: Reader) -> float:
    """NSDate: seconds since 2001 began in UTC."""
    reader.expect(b"d")
    return reader.double()


def _read_url(reader: Reader) -> str:
    """NSURL: whether it is relative, if so to which other, and its text as it was written."""
    reader.expect(b"c")
    is_relative = reader.unsigned_character()
    if is_relative not in (0, 1):
        raise Malformed
    if is_relative:
        reader.object_group()
    (text,) = reader.object_groups(1)
    if type(text) is not str:
        raise Malformed
    return text


def _read_null(_: Reader) -> None:
    """NSNull: nothing, for lists and dictionaries to hold."""


def _read_array(reader: Reader) -> list[Any]:
    """NSArray: a count, and so many objects."""
    return reader.object_groups(reader.count_group())


def _read_dictionary(reader: Reader) -> dict[str, Any] | Opaque:
    """NSDictionary: a count, and so many entries."""
    reader.expect(b"i")
    return read_entries(reader)


def read_entries(reader: Reader) -> dict[str, Any] | Opaque:
    """Read the count of a dictionary's entries, and each key with its value; opaque if one of the keys is no text."""
    count = reader.blob[reader.position]
    if count < 0x80:
        reader.position += 1
    else:
        count = reader.count()
    objects = reader.object_groups(2 * count)
    entries: dict[str, Any] = {}
    for index in range(0, 2 * count, 2):
        key = objects[index]
        if type(key) is not str:
            return Opaque("NSDictionary")
        entries[key] = objects[index + 1]
    return entries


def _leaf(name: str, read: Callable[[Reader], Any]) -> ArchivedClass:
    return ArchivedClass(name, read, is_leaf=True)


CLASSES: Final = KnownClasses()
_define: Final = CLASSES.define

ATTRIBUTED_STRING: Final = _define(ArchivedClass("NSAttributedString"))
MUTABLE_ATTRIBUTED_STRING: Final = _define(ArchivedClass("NSMutableAttributedString"), superclass=ATTRIBUTED_STRING)
STRING: Final = _define(_leaf("NSString", _read_string), version=1)
MUTABLE_STRING: Final = _define(_leaf("NSMutableString", _read_string), version=1, superclass=STRING)

_VALUE: Final = _define(ArchivedClass("NSValue", _read_value))
_define(_leaf("NSNumber", _read_number), superclass=_VALUE)

_DATA: Final = _define(_leaf("NSData", _read_data))
_define(_leaf("NSMutableData", _read_data), superclass=_DATA)

_define(_leaf("NSDate", _read_date))
_define(_leaf("NSNull", _read_null))
_define(ArchivedClass("NSURL", _read_url))

_ARRAY: Final = _define(ArchivedClass("NSArray", _read_array))
_define(ArchivedClass("NSMutableArray", _read_array), superclass=_ARRAY)

_DICTIONARY: Final = _define(ArchivedClass("NSDictionary", _read_dictionary))
_define(ArchivedClass("NSMutableDictionary", _read_dictionary), superclass=_DICTIONARY)
