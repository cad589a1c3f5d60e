"""Why our decoder gives less than the oracle for a blob, or more. What no reason here explains is a mistake."""

import re
from collections.abc import Iterator
from typing import Any

from typedstream.archiving import (  # type: ignore[import-untyped]
    Array,
    GenericArchivedObject,
    GenericStruct,
    TypedGroup,
)
from typedstream.types import foundation  # type: ignore[import-untyped]

from agent.chatdb.typedstream import AttributedText, Opaque
from tests.fuzz_typedstream.oracle import Theirs, is_run

_HEADER = b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@"
_ROOTS = (
    [(b"NSAttributedString", 0), (b"NSObject", 0)],
    [(b"NSMutableAttributedString", 0), (b"NSAttributedString", 0), (b"NSObject", 0)],
)
_STRINGS = (foundation.NSString, foundation.NSMutableString)
_UNUSUAL = re.compile(rb"[%!]|\{\}|=\}|\[0")
_DICTIONARIES = (foundation.NSDictionary, foundation.NSMutableDictionary)


def why_no_text(blob: bytes, theirs: Theirs) -> str | None:
    """The oracle reads any header, and any class that has a string for its first value."""
    if not blob.startswith(_HEADER):
        return "a header that Messages does not write"
    if theirs.classes not in _ROOTS:
        return "another class than an attributed string"
    return None


def why_damaged(theirs: Theirs) -> str | None:
    """The oracle does not know what an attributed string holds; it takes any values."""
    known = set()
    length = 0
    groups = iter(theirs.groups)
    for group in groups:
        if not is_run(group):
            return "a group that is no run"
        run_id, run_length = group.values
        length += run_length
        if run_id not in known:
            attributes = next(groups, None)
            if attributes is None or list(attributes.encodings) != [b"@"]:
                return "a run without attributes"
            if type(attributes.values[0]) not in _DICTIONARIES:
                return "attributes that are no dictionary"
            if any(type(key) not in _STRINGS for key in attributes.values[0].contents):
                return "an attribute whose name is no text"
            known.add(run_id)
    if length != len(theirs.text.encode("utf-16-le")) // 2:
        return "runs that are not as long as the text"
    return next(filter(None, map(_oddity, _all_in(theirs.groups))), None)


def _oddity(theirs: Any) -> str | None:
    if isinstance(theirs, TypedGroup) and _UNUSUAL.search(b"".join(theirs.encodings)):
        return "a type that Macs do not read, or that takes no byte"
    if type(theirs) is foundation.NSNumber and not isinstance(theirs.value, int | float):
        return "a number that is none"
    if type(theirs) is foundation.NSURL and theirs.value is None:
        return "an address without text"
    return None


def _all_in(roots: Any) -> Iterator[Any]:
    """All that the oracle made, each once, for it may hold circles."""
    seen = set()
    waiting = list(roots)
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += _parts_of(item)


def _parts_of(item: Any) -> list[Any]:
    if isinstance(item, TypedGroup):
        return list(item.values)
    if isinstance(item, GenericArchivedObject):
        return [*item.contents, item.super_object]
    if isinstance(item, foundation.NSDictionary):
        return [*item.contents.keys(), *item.contents.values()]
    if isinstance(item, GenericStruct):
        return list(item.fields)
    if isinstance(item, Array | foundation.NSArray | foundation.NSSet):
        return list(item.elements)
    return list(vars(item).values()) if hasattr(item, "__dict__") else []


def why_more(blob: bytes, ours: AttributedText) -> str | None:
    """The oracle gives up where the format is newer than itself, and where it knows a class but not this use of it."""
    if b"\x87" in blob:
        return "a number of eight bytes"
    if b"\xff\xfe" in blob or b"\xfe\xff" in blob:
        return "a string in UTF-16"
    if any(_holds_opaque(run.attributes) for run in ours.runs):
        return "an object that we pass over"
    return None


def _holds_opaque(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_opaque, value.values()))
    if isinstance(value, list):
        return any(map(_holds_opaque, value))
    return isinstance(value, Opaque)
