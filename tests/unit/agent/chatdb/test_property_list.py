"""Property lists: what Messages writes is read, what asks for more than its size is refused before it is unfolded."""

import plistlib
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.chatdb.attachments import attachments_of
from agent.chatdb.property_list import read_property_list
from agent.chatdb.summary_info import NO_HISTORY, history_of

LARGEST = 4_000_000
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary(max_size=600)
VALUES = st.recursive(
    PLAIN.filter(lambda value: value is not None),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
    max_leaves=30,
)


@given(VALUES)
def test_a_list_that_was_written_as_it_should_be_is_read(value: Any):
    assert read_property_list(plistlib.dumps(value, fmt=plistlib.FMT_BINARY), LARGEST) == value


def test_each_kind_of_object_is_read():
    value = {
        "text": "x" * 70_000,
        "wide": "ж" * 300,
        "data": bytes(70_000),
        "list": list(range(300)),
        "date": datetime(2026, 3, 14, 11, 0, tzinfo=UTC).replace(tzinfo=None),
        "real": 0.5,
        "id": plistlib.UID(70_000),
    }

    assert read_property_list(plistlib.dumps(value, fmt=plistlib.FMT_BINARY), LARGEST) == value


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_stumble(blob: bytes):
    read_property_list(b"bplist00" + blob, LARGEST)


@pytest.mark.parametrize("value", [None, 7, "bplist00", b"", b"bplist00", b"<plist/>"])
def test_what_is_no_binary_list_is_none(value: object):
    assert read_property_list(value, LARGEST) is None


def test_a_list_that_is_too_large_is_none():
    blob = plistlib.dumps(["x"], fmt=plistlib.FMT_BINARY)

    assert (read_property_list(blob, len(blob)), read_property_list(blob, len(blob) - 1)) == (["x"], None)


def overlapping(objects: Sequence[bytes], shared: bytes, key: bytes = b"\x52ec") -> bytes:
    """A dictionary of one array, and many objects that all go on into the same bytes."""
    body, offsets = bytearray(b"bplist00"), []
    for one in (b"\xd1\x01\x02", key, *objects):
        offsets.append(len(body))
        body += one
    body += shared
    table = b"".join(offset.to_bytes(4, "big") for offset in offsets)
    trailer = struct.pack(">6xBBQQQ", 4, 1, len(offsets), 0, len(body))
    return bytes(body) + table + trailer


def arrays_over_arrays(key: bytes = b"\x52ec") -> bytes:
    array = b"\xaf\x12" + (100_000).to_bytes(4, "big")
    return overlapping([array] * 254, bytes(range(2, 256)) + b"\x01" * 100_010, key)


BOMBS = {
    "arrays": arrays_over_arrays(),
    "dictionaries": overlapping([b"\xdf\x12" + (50_000).to_bytes(4, "big")] * 254, b"\x01" * 100_010),
    "data": overlapping([b"\x4f\x12" + (100_000).to_bytes(4, "big")] * 254, bytes(102_000)),
    "texts": overlapping([b"\x5f\x12" + (100_000).to_bytes(4, "big")] * 254, b"x" * 102_000),
    "wide texts": overlapping([b"\x6f\x12" + (50_000).to_bytes(4, "big")] * 254, b"\0x" * 51_000),
    "numbers": overlapping([b"\x1f"] * 254, bytes(33_000)),
    "one long array": plistlib.dumps({"ec": ["x"] * 100_001}, fmt=plistlib.FMT_BINARY),
    "many objects": plistlib.dumps({"ec": list(range(20_001))}, fmt=plistlib.FMT_BINARY),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_list_that_unfolds_to_more_than_its_size_is_refused_unread(bomb: bytes):
    with patch.object(plistlib, "loads") as unfold:
        assert read_property_list(bomb, LARGEST) is None
        assert history_of(bomb) == NO_HISTORY

    unfold.assert_not_called()


def test_what_comes_beside_a_file_is_looked_at_as_closely():
    bomb = arrays_over_arrays(b"\x5f\x10\x13audio-transcription")
    row = (1, "G", "~/a.caf", "a.caf", None, None, 1, 5, 0, 0, bomb)

    with patch.object(plistlib, "loads") as unfold:
        (file,) = attachments_of([row])

    unfold.assert_not_called()
    assert file.transcription == ""
