"""Ways to break a blob."""

import random
from collections.abc import Callable

# The tags and their neighbours, the first references, and the edges of a byte.
_TELLING = (*range(0x7E, 0x9A), 0x00, 0x01, 0xFE, 0xFF)


def mutated(rng: random.Random, corpus: list[bytes]) -> bytes:
    """Return one of the corpus after one to four mutations."""
    blob = bytearray(rng.choice(corpus))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        if blob:
            rng.choice(_MUTATIONS)(rng, blob, corpus)
    return bytes(blob)


def _flip_a_bit(rng: random.Random, blob: bytearray, _: list[bytes]) -> None:
    blob[_place(rng, blob)] ^= 1 << rng.randrange(8)


def _set_a_byte(rng: random.Random, blob: bytearray, _: list[bytes]) -> None:
    blob[_place(rng, blob)] = rng.choice(_TELLING) if rng.random() < 0.7 else rng.randrange(256)


def _insert(rng: random.Random, blob: bytearray, _: list[bytes]) -> None:
    position = _place(rng, blob) + rng.randint(0, 1)
    blob[position:position] = bytes(rng.choice(_TELLING) for _ in range(rng.randint(1, 4)))


def _delete(rng: random.Random, blob: bytearray, _: list[bytes]) -> None:
    start, end = _region(rng, blob)
    del blob[start:end]


def _truncate(rng: random.Random, blob: bytearray, _: list[bytes]) -> None:
    del blob[_place(rng, blob) :]


def _duplicate(rng: random.Random, blob: bytearray, _: list[bytes]) -> None:
    start, end = _region(rng, blob)
    position = rng.choice((end, _place(rng, blob)))
    blob[position:position] = blob[start:end]


def _splice(rng: random.Random, blob: bytearray, corpus: list[bytes]) -> None:
    """Put a piece of another blob in the place of a piece of this one."""
    other = bytearray(rng.choice(corpus))
    start, end = _region(rng, blob)
    its_start, its_end = _region(rng, other)
    blob[start:end] = other[its_start:its_end]


def _tamper_with_a_length(rng: random.Random, blob: bytearray, _: list[bytes]) -> None:
    """Change what stands before a run of text: by a little, or to the same or another number in a longer form."""
    places = [index for index in range(len(blob) - 1) if blob[index] < 0x80 and blob[index + 1] >= 0x20]
    place = max(rng.choice(places), rng.choice(places)) if places else _place(rng, blob)
    number = blob[place] + rng.choice((-2, -1, 0, 0, 1, 2))
    forms = (
        bytes([number % 256]),
        b"\x81" + (number % 65_536).to_bytes(2, "little"),
        b"\x82" + (number % 2**32).to_bytes(4, "little"),
        b"\x82" + rng.randbytes(4),
        b"\x87" + rng.randbytes(8),
    )
    blob[place : place + 1] = rng.choice(forms)


def _place(rng: random.Random, blob: bytearray) -> int:
    """Any place, and rather one near the end: what breaks near the beginning leaves nothing to decode."""
    return max(rng.randrange(len(blob)), rng.randrange(len(blob)))


def _region(rng: random.Random, blob: bytearray) -> tuple[int, int]:
    start = _place(rng, blob)
    return start, start + rng.choice((1, 2, 3, 5, 8, rng.randint(1, 60)))


_MUTATIONS: list[Callable[[random.Random, bytearray, list[bytes]], None]] = [
    _flip_a_bit,
    _set_a_byte,
    _set_a_byte,
    _insert,
    _delete,
    _truncate,
    _duplicate,
    _splice,
    _tamper_with_a_length,
]
