"""Encodes a text as Messages stores it: an NSAttributedString in Apple's typedstream format."""

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from stack.demo_data.typedstream_writer.stream import Class, Stream
from stack.demo_data.typedstream_writer.values import STRING, Value, identity, write_string, write_value

Runs = Sequence[tuple[int, Mapping[str, Value]]]

_PART: Final = "__kIMMessagePartAttributeName"

_OBJECT: Final[Class] = (("NSObject", 0),)
_MUTABLE_STRING: Final[Class] = (("NSMutableString", 1), *STRING)
_ATTRIBUTED_STRING: Final[Class] = (("NSAttributedString", 0), *_OBJECT)
_MUTABLE_ATTRIBUTED_STRING: Final[Class] = (("NSMutableAttributedString", 0), *_ATTRIBUTED_STRING)


def attributed_body(
    text: str, *, mutable: bool = False, split_at: tuple[int, ...] = (), runs: Runs | None = None
) -> bytes:
    """Return the blob for `text`, which is one message part unless `runs` say otherwise.

    Each of `runs` is a length in characters and attributes; one that does not name its part belongs to the part of the run
    before it. Runs with equal attributes share one dictionary, which is written only once.
    `mutable` writes the mutable classes, as some versions of Messages do. `split_at` cuts the text (at these character
    positions) into runs of one part.
    """
    if runs is None:
        runs = [(end - start, {}) for start, end in pairwise([0, *split_at, len(text)]) if end > start]
    if sum(length for length, _ in runs) != len(text):
        raise ValueError("the runs are not as long as the text")
    stream = Stream()
    stream.begin_group("@")
    stream.begin_object(_MUTABLE_ATTRIBUTED_STRING if mutable else _ATTRIBUTED_STRING)
    stream.begin_group("@")
    write_string(stream, text, _MUTABLE_STRING if mutable else STRING)
    _write_runs(stream, text, runs)
    stream.end_object()
    return stream.to_bytes()


def _write_runs(stream: Stream, text: str, runs: Runs) -> None:
    """Write each run as an id and a length in UTF-16 code units, and its attributes the first time they are met."""
    known: dict[Hashable, int] = {}
    start = 0
    part: Value = 0
    for length, given in runs:
        attributes = given if _PART in given else {**given, _PART: part}
        part = attributes[_PART]
        name = identity(attributes)
        is_new = name not in known
        stream.begin_group("iI")
        stream.integer(known.setdefault(name, len(known) + 1))
        stream.integer(len(text[start : start + length].encode("utf-16-le")) // 2)
        if is_new:
            write_value(stream, attributes)
        start += length
