"""The bytes with which nearly all attributed strings begin, and readers that have read them.

To compare bytes is ten times as fast as to read them, so the decoder compares first, and goes on with a copy of the reader
that stands behind what is equal.
"""

from typing import Any, Final, NamedTuple

from agent.chatdb.typedstream.attributed_text import PART
from agent.chatdb.typedstream.errors import Malformed
from agent.chatdb.typedstream.foundation import (
    ATTRIBUTED_STRING,
    CLASSES,
    MUTABLE_ATTRIBUTED_STRING,
    MUTABLE_STRING,
    STRING,
)
from agent.chatdb.typedstream.reader import HEADER, Reader

PLAIN: Final[dict[str, Any]] = {PART: 0}
"""The attributes of a message of one part that has nothing special."""

FIRST_RUN: Final = b"\x86\x84\x02iI\x01"
"""From the end of the string to the length of the first run, whose id is 1."""

_START: Final = (
    HEADER
    + b"\x84\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject\x00\x85"
    + b"\x92\x84\x84\x84\x08NSString\x01\x94\x84\x01+"
)
_PLAIN: Final = (
    b"\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x01"
    b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
    b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86"
    b"\x86"
)
# The same from a writer that leaves the direction of the text open (-1).
_NATURAL: Final = (
    b"\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x02"
    b"\x92\x84\x96\x96\x26__kIMBaseWritingDirectionAttributeName\x86"
    b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x84\x01q\x9d\xff\x86"
    b"\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86"
    b"\x92\x84\x9b\x9c\x9d\x9d\x00\x86"
    b"\x86"
)

_MUTABLE_START: Final = (
    HEADER
    + b"\x84\x84\x84\x19NSMutableAttributedString\x00\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject\x00\x85"
    + b"\x92\x84\x84\x84\x0fNSMutableString\x01\x84\x84\x08NSString\x01\x95\x84\x01+"
)
_MUTABLE_PLAIN: Final = (
    b"\x92\x84\x84\x84\x0cNSDictionary\x00\x95\x84\x01i\x01"
    b"\x92\x84\x98\x98\x1d__kIMMessagePartAttributeName\x86"
    b"\x92\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x95\x84\x01*\x84\x9b\x9b\x00\x86"
    b"\x86"
)


class FirstAttributes(NamedTuple):
    """The dictionary of a first run, and a reader that stands behind it."""

    content: bytes
    number: int
    """Of the dictionary, among the objects."""
    attributes: dict[str, Any]
    reader: Reader


class FirstDictionary(NamedTuple):
    """Any dictionary of a first run up to the count of its entries, and a reader that stands there."""

    content: bytes
    number: int
    """Of the dictionary, among the objects."""
    reader: Reader


class Start(NamedTuple):
    """An attributed string up to the length of its text, and a reader that stands there."""

    content: bytes
    size: int
    number: int
    """Of the text, among the objects."""
    reader: Reader
    first_attributes: tuple[FirstAttributes, ...] = ()
    first_dictionary: FirstDictionary | None = None


def read_start(blob: bytes) -> Start:
    """Read an attributed string up to the length of its text, which is the first that it holds."""
    reader = Reader.of(blob, CLASSES)
    _, root = reader.begin_object()
    reader.expect(b"@")
    number, string = reader.begin_object()
    if root not in (ATTRIBUTED_STRING, MUTABLE_ATTRIBUTED_STRING) or string not in (STRING, MUTABLE_STRING):
        raise Malformed
    reader.expect(b"+")
    return Start(blob[: reader.position], reader.position, number, reader)


def _common_start(content: bytes, *dictionaries: bytes) -> Start:
    start = read_start(content)
    first_attributes = tuple(_first_attributes(start.reader, dictionary) for dictionary in dictionaries)
    first_dictionary = _first_dictionary(start.reader, dictionaries[0])
    # How a string begins depends on what stands before the text alone, so all readers may know it.
    start.reader.string_head = first_dictionary.reader.string_head = first_attributes[0].reader.string_head
    return start._replace(first_attributes=first_attributes, first_dictionary=first_dictionary)


def _first_attributes(start: Reader, dictionary: bytes) -> FirstAttributes:
    reader = _behind_first_run(start, dictionary)
    number = len(reader.objects)
    attributes = reader.object_group()
    return FirstAttributes(dictionary, number, PLAIN if attributes == PLAIN else attributes, reader)


def _first_dictionary(start: Reader, dictionary: bytes) -> FirstDictionary:
    reader = _behind_first_run(start, dictionary)
    begin = reader.position
    reader.expect(b"@")
    number = reader.open_object()
    reader.expect(b"i")
    return FirstDictionary(dictionary[: reader.position - begin], number, reader)


def _behind_first_run(start: Reader, dictionary: bytes) -> Reader:
    reader = start.continue_in(FIRST_RUN + b"\x00" + dictionary, 1)
    reader.expect(b"iI")
    reader.signed()
    reader.unsigned()
    return reader


COMMON_STARTS: Final = (_common_start(_START, _PLAIN, _NATURAL), _common_start(_MUTABLE_START, _MUTABLE_PLAIN))
