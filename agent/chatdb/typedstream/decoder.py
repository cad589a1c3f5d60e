"""Decodes the attributed strings that Messages keeps: message.attributedBody, and the texts before an edit."""

from collections.abc import Mapping
from typing import Any

from agent.chatdb.typedstream.attributed_text import AttributedText, Run, utf16_length
from agent.chatdb.typedstream.common_starts import COMMON_STARTS, FIRST_RUN, PLAIN, Start, read_start
from agent.chatdb.typedstream.errors import UNREADABLE, Malformed
from agent.chatdb.typedstream.foundation import read_entries
from agent.chatdb.typedstream.primitives import END, FIRST_LITERAL
from agent.chatdb.typedstream.reader import Reader
from agent.chatdb.typedstream.strings import framed_string, length_at


def decode(blob: bytes) -> AttributedText | None:
    """Return the text of the attributed string in `blob` with its runs, or None if it holds no whole text.

    Never raises, and does no more work than there are bytes.
    """
    start = _start_of(blob)
    string = framed_string(blob, start.size) if start else None
    if not start or not string:
        return None
    text, end = string
    try:
        return AttributedText(text, _runs(start, blob, text, end), False)
    except UNREADABLE:
        return AttributedText(text, (), True)


def decode_text(blob: bytes) -> str | None:
    """Return the text alone, the same as decode() does, without a look at what follows it."""
    start = _start_of(blob)
    string = framed_string(blob, start.size) if start else None
    return string[0] if string else None


def _start_of(blob: bytes) -> Start | None:
    for start in COMMON_STARTS:
        if blob.startswith(start.content):
            return start
    try:
        return read_start(blob)
    except UNREADABLE:
        return None


def _runs(start: Start, blob: bytes, text: str, end: int) -> tuple[Run, ...]:
    """Read the runs behind a text, which ends at `end`; none if there is but a plain part."""
    text_length = utf16_length(text)
    if not blob.startswith(FIRST_RUN, end):
        return _read_runs(_continued(start.reader, blob, end + 1, {start.number: text}), [], text_length)
    length, position = length_at(blob, end + len(FIRST_RUN))
    for first in start.first_attributes:
        if blob.startswith(first.content, position):
            position += len(first.content)
            if length == text_length and position + 1 == len(blob) and blob[position] == END:
                return () if first.attributes is PLAIN else (Run(0, length, first.attributes.copy()),)
            attributes = first.attributes.copy()
            reader = _continued(first.reader, blob, position, {start.number: text, first.number: attributes})
            return _read_runs(reader, [Run(0, length, attributes)], text_length)
    dictionary = start.first_dictionary
    if dictionary and blob.startswith(dictionary.content, position):
        reader = _continued(dictionary.reader, blob, position + len(dictionary.content), {start.number: text})
        entries = read_entries(reader)
        reader.close_object(dictionary.number, entries)
        return _read_runs(reader, [Run(0, length, _checked(entries))], text_length)
    return _read_runs(_continued(start.reader, blob, end + 1, {start.number: text}), [], text_length)


def _continued(reader: Reader, blob: bytes, position: int, objects: Mapping[int, Any]) -> Reader:
    """Return a copy of a reader for this blob, with the objects that are not those of any blob that begins like it."""
    reader = reader.continue_in(blob, position)
    for number, value in objects.items():
        reader.objects[number] = value
    return reader


def _read_runs(reader: Reader, runs: list[Run], text_length: int) -> tuple[Run, ...]:
    """Read all other runs: each an id and a length, and its attributes the first time that the id appears."""
    blob = reader.blob
    known = {1: runs[0].attributes} if runs else {}
    start = runs[0].length if runs else 0
    run_type = END  # a reference of one byte, once there was one
    while (head := blob[reader.position]) != END:
        position = reader.position
        if head == run_type and blob[position + 1] < 0x80 and blob[position + 2] < 0x80:
            run_id, length = blob[position + 1], blob[position + 2]
            reader.position = position + 3
        else:
            reader.expect(b"iI")
            run_id, length = reader.signed(), reader.unsigned()
            run_type = head if head >= FIRST_LITERAL else run_type
        attributes = known.get(run_id)
        if attributes is None:
            attributes = known[run_id] = _checked(reader.object_group())
        runs.append(Run(start, length, attributes))
        start += length
    if start != text_length or reader.position + 1 != len(blob):
        raise Malformed
    return () if len(runs) == 1 and runs[0].attributes == PLAIN else tuple(runs)


def _checked(attributes: Any) -> dict[str, Any]:
    if not isinstance(attributes, dict):
        raise Malformed
    return attributes
