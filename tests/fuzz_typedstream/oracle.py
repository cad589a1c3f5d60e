"""What an independent decoder, pytypedstream, makes of a blob, and whether what we make of it is the same.

pytypedstream is a development tool only. It raises all kinds of errors on broken blobs; one that it does not read is one that
it has no opinion on.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import typedstream  # type: ignore[import-untyped]
from typedstream.archiving import (  # type: ignore[import-untyped]
    Array,
    GenericArchivedObject,
    GenericStruct,
    KnownArchivedObject,
    KnownStruct,
    TypedGroup,
)
from typedstream.types import foundation  # type: ignore[import-untyped]

from agent.chatdb.typedstream import AttributedText, Opaque


class Theirs(NamedTuple):
    """An attributed string as pytypedstream gives it."""

    text: str
    groups: Sequence[Any]
    """What follows the text."""
    classes: list[tuple[bytes, int]]
    """The class with its superclasses."""


def unarchived(blob: bytes) -> Theirs | None:
    """Return the attributed string that is the whole of the blob, or None where the oracle finds none."""
    try:
        unarchiver = typedstream.Unarchiver.from_data(blob)
        unarchiver.shared_object_table = _Table()
        unarchiver.reader.shared_string_table = _Table()
        root = unarchiver.decode_single_root()
        if not isinstance(root, GenericArchivedObject):
            return None
        first, *groups = root.contents
        string = first.value
        if type(string) not in (foundation.NSString, foundation.NSMutableString):
            return None
        return Theirs(string.value, groups, _chain(root.clazz))
    except Exception:  # it has no single error for a blob that is broken
        return None


class _Table(list[Any]):
    """A table in which a reference to before its beginning finds nothing."""

    def __getitem__(self, index: Any) -> Any:
        if index < 0:
            raise IndexError(index)
        return super().__getitem__(index)


def _chain(archived: Any) -> list[tuple[bytes, int]]:
    chain = []
    while archived is not None:
        chain.append((archived.name, archived.version))
        archived = archived.superclass
    return chain


def runs_agree(ours: AttributedText, theirs: Theirs) -> bool:
    """Whether these are the same runs with the same attributes."""
    known: dict[int, Any] = {}
    runs: list[tuple[int, int, Any]] = []
    groups = iter(theirs.groups)
    start = 0
    for group in groups:
        if not is_run(group):
            return False
        run_id, length = group.values
        if run_id not in known:
            known[run_id] = next(groups).value
        runs.append((start, length, known[run_id]))
        start += length
    if not ours.runs:
        plain = {"__kIMMessagePartAttributeName": 0}
        return not runs or (len(runs) == 1 and runs[0][:2] == (0, start) and agrees(plain, runs[0][2]))
    return [run[:2] for run in ours.runs] == [run[:2] for run in runs] and all(
        agrees(mine.attributes, its[2]) for mine, its in zip(ours.runs, runs, strict=True)
    )


def is_run(group: TypedGroup) -> bool:
    """Whether this is an id and a length."""
    return list(group.encodings) == [b"i", b"I"]


def agrees(ours: Any, theirs: Any) -> bool:
    """Whether a plain value of ours is what their object stands for. Ours has no circles, so this ends."""
    if isinstance(ours, Opaque):
        return _class_name(theirs) == ours.class_name.replace("NSMutableDictionary", "NSDictionary")
    if ours is None:
        return theirs is None or _class_name(theirs) == "NSNull"
    if isinstance(ours, dict):
        return _dictionaries_agree(ours, theirs)
    if isinstance(ours, list):
        elements = _elements(theirs)
        return len(elements) == len(ours) and all(map(agrees, ours, elements))
    scalar = _scalar(theirs)
    if isinstance(ours, float) and math.isnan(ours):
        return isinstance(scalar, float) and math.isnan(scalar)
    return type(scalar) is type(ours) and scalar == ours


def _class_name(theirs: Any) -> str:
    if isinstance(theirs, GenericArchivedObject):
        return str(theirs.clazz.name.decode("ascii", "replace"))
    if isinstance(theirs, KnownArchivedObject):
        return str(theirs.archived_name.decode().replace("NSMutableDictionary", "NSDictionary"))
    return str(theirs.name.decode("ascii", "replace"))  # a class that is a value


def _dictionaries_agree(ours: dict[str, Any], theirs: Any) -> bool:
    if not isinstance(theirs, foundation.NSDictionary):
        return False
    entries = {_scalar(key): value for key, value in theirs.contents.items()}
    return entries.keys() == ours.keys() and all(agrees(value, entries[key]) for key, value in ours.items())


def _elements(theirs: Any) -> Sequence[Any]:
    """What a list of ours may stand for: an array, or a structure in a value."""
    if isinstance(theirs, foundation.NSValue):
        theirs = theirs.value
    if isinstance(theirs, GenericStruct):
        return theirs.fields
    if isinstance(theirs, KnownStruct):
        return list(vars(theirs).values())
    if isinstance(theirs, foundation.NSArray | Array):
        return theirs.elements
    return ()


def _scalar(theirs: Any) -> Any:
    if isinstance(theirs, GenericArchivedObject):
        return None
    if isinstance(theirs, foundation.NSData):
        return theirs.data
    if isinstance(theirs, foundation.NSDate):
        return theirs.absolute_reference_date_offset
    if isinstance(theirs, foundation.NSValue):
        return _scalar(theirs.value)
    if isinstance(theirs, Array):
        return theirs.elements
    return getattr(theirs, "value", theirs)
