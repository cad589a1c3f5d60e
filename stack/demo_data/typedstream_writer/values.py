"""Writes plain values as the objects of Foundation that Messages keeps in attributes."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Final

from stack.demo_data.typedstream_writer.stream import Class, Stream


class Url(str):
    """A text that is stored as an NSURL."""

    __slots__ = ()


Value = str | int | float | bytes | Sequence["Value"] | Mapping[str, "Value"] | None
"""A bool is stored as a char, as Apple does, and reads back as 0 or 1."""

_OBJECT: Final[Class] = (("NSObject", 0),)
STRING: Final[Class] = (("NSString", 1), *_OBJECT)
_NUMBER: Final[Class] = (("NSNumber", 0), ("NSValue", 0), *_OBJECT)
_DATA: Final[Class] = (("NSData", 0), *_OBJECT)
_URL: Final[Class] = (("NSURL", 0), *_OBJECT)
_NULL: Final[Class] = (("NSNull", 0), *_OBJECT)
_ARRAY: Final[Class] = (("NSArray", 0), *_OBJECT)
_DICTIONARY: Final[Class] = (("NSDictionary", 0), *_OBJECT)


def identity(value: Value) -> Hashable:
    """Return what equal values have in common; 1, 1.0 and True are three different values."""
    if isinstance(value, Mapping):
        return dict, frozenset((key, identity(entry)) for key, entry in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list, tuple(identity(element) for element in value)
    return type(value), value


def write_value(stream: Stream, value: Value) -> None:
    """Write a group of one object; what is no list and no dictionary is written once, and then referred to."""
    stream.begin_group("@")
    if isinstance(value, Mapping):
        _write_dictionary(stream, value)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        _write_array(stream, value)
    elif not stream.refer_to(identity(value)):
        _write_scalar(stream, value)


def write_string(stream: Stream, text: str, chain: Class, name: Hashable = None) -> None:
    """Write a string of this class."""
    stream.begin_object(chain, name)
    stream.begin_group("+")
    stream.unshared_string(text.encode())
    stream.end_object()


def _write_scalar(stream: Stream, value: str | int | float | bytes | None) -> None:
    name = identity(value)
    if isinstance(value, Url):
        _write_url(stream, value, name)
    elif isinstance(value, str):
        write_string(stream, value, STRING, name)
    elif isinstance(value, bytes):
        _write_data(stream, value, name)
    elif value is None:
        stream.begin_object(_NULL, name)
        stream.end_object()
    else:
        _write_number(stream, value, name)


def _write_number(stream: Stream, value: float, name: Hashable) -> None:
    encoding = _encoding_of(value)
    stream.begin_object(_NUMBER, name)
    stream.begin_group("*")
    stream.c_string(encoding)
    stream.begin_group(encoding)
    if isinstance(value, float):
        stream.double(value)
    else:
        stream.integer(value)
    stream.end_object()


def _encoding_of(value: float) -> str:
    if isinstance(value, bool):
        return "c"
    if isinstance(value, float):
        return "d"
    return "i" if -0x8000_0000 <= value < 0x8000_0000 else "q"


def _write_data(stream: Stream, value: bytes, name: Hashable) -> None:
    stream.begin_object(_DATA, name)
    stream.begin_group("i")
    stream.integer(len(value))
    stream.begin_group(f"[{len(value)}c]")
    stream.raw(value)
    stream.end_object()


def _write_url(stream: Stream, value: Url, name: Hashable) -> None:
    stream.begin_object(_URL, name)
    stream.begin_group("c")
    stream.integer(0)  # not relative to another
    write_value(stream, str(value))
    stream.end_object()


def _write_array(stream: Stream, values: Sequence[Value]) -> None:
    stream.begin_object(_ARRAY)
    stream.begin_group("i")
    stream.integer(len(values))
    for value in values:
        write_value(stream, value)
    stream.end_object()


def _write_dictionary(stream: Stream, entries: Mapping[str, Value]) -> None:
    stream.begin_object(_DICTIONARY)
    stream.begin_group("i")
    stream.integer(len(entries))
    for key, value in entries.items():
        write_value(stream, key)
        write_value(stream, value)
    stream.end_object()
