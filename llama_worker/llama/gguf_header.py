"""The header of a GGUF file: metadata, and the sizes of its tensors, without loading them.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Headers of large vocabularies have 20 MB. A count from a damaged file must not make us read gigabytes.
_MOST_BYTES = 64 << 20
_LONG = 4096
_MOST_DIMENSIONS = 8
_STRING, _ARRAY = 8, 9
_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class HeaderUnreadable(Exception):
    """The header is damaged or not as the format has it; the message is a few words."""


@dataclass(frozen=True, slots=True)
class LongArray:
    """An array of which only the length was kept, such as a vocabulary."""

    length: int


Value = int | float | bool | bytes | tuple[int | float, ...] | LongArray


@dataclass(frozen=True, slots=True)
class Header:
    """Metadata by key, and the bytes that each tensor takes."""

    metadata: Mapping[str, Value]
    tensors: Mapping[str, int]


def read_header(path: Path) -> Header:
    """Read the header, at most 64 MiB of it. Raises HeaderUnreadable, and OSError when the file cannot be read."""
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES)
    try:
        return _Cursor(data).header(path.stat().st_size)
    except struct.error:
        raise HeaderUnreadable("the header ends too early") from None
    except (UnicodeDecodeError, MemoryError, OverflowError):
        raise HeaderUnreadable("the header is damaged") from None


class _Cursor:
    """Reads on through the bytes. Beyond their end struct says so."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def header(self, file_size: int) -> Header:
        if self._bytes(4) != b"GGUF":
            raise HeaderUnreadable("it is not a GGUF file")
        self._number("I")
        tensor_count, key_count = self._number("Q"), self._number("Q")
        metadata = {}
        for _ in range(key_count):
            key = self._string().decode()
            metadata[key] = self._value(self._number("I"))
        offsets = dict(self._tensor() for _ in range(tensor_count))
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment < 1:
            raise HeaderUnreadable("general.alignment is no size")
        start = -(-self._at // alignment) * alignment
        return Header(metadata, _sizes(offsets, file_size - start))

    def _tensor(self) -> tuple[str, int]:
        name = self._string().decode()
        dimensions = self._number("I")
        if dimensions > _MOST_DIMENSIONS:
            raise HeaderUnreadable("a tensor has too many dimensions")
        # Neither shape nor type: where the next tensor begins says how large this one is, for every type there will be.
        self._skip(8 * dimensions + 4)
        return name, self._number("Q")

    def _value(self, kind: int) -> Value:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array(self._number("I"), self._number("Q"))
        return self._number(self._format(kind))

    def _array(self, kind: int, length: int) -> Value:
        if kind == _STRING:
            self._skip_strings(length)
            return LongArray(length)
        form = self._format(kind)
        if length > _LONG:
            self._skip(struct.calcsize(form) * length)
            return LongArray(length)
        return tuple(self._number(form) for _ in range(length))

    def _skip_strings(self, count: int) -> None:
        # Half a million of them in a large vocabulary, hence without a call for each.
        data, at, unpack = self._data, self._at, struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + unpack(data, at)[0]
        self._at = at
        self._skip(0)

    def _format(self, kind: int) -> str:
        if kind not in _FORMATS:
            raise HeaderUnreadable("it has metadata of an unknown kind")
        return _FORMATS[kind]

    def _number(self, form: str) -> int:
        (number,) = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(form)
        return number  # type: ignore[no-any-return]

    def _string(self) -> bytes:
        return self._bytes(self._number("Q"))

    def _bytes(self, length: int) -> bytes:
        begin = self._at
        self._skip(length)
        return self._data[begin : self._at]

    def _skip(self, length: int) -> None:
        self._at += length
        if self._at > len(self._data):
            raise HeaderUnreadable("the header ends too early")


def _sizes(offsets: Mapping[str, int], data_size: int) -> dict[str, int]:
    """How far it is from each tensor to the next, or to the end."""
    names = sorted(offsets, key=lambda name: offsets[name])
    ends = [*(offsets[name] for name in names), data_size][1:]
    sizes = {name: end - offsets[name] for name, end in zip(names, ends, strict=True)}
    if any(size < 0 for size in sizes.values()):
        raise HeaderUnreadable("it ends before its last tensor")
    return sizes
