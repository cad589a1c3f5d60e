"""Whole blobs to break: the ones written by hand, and what the encoder makes of random texts and attributes."""

import random
from collections.abc import Callable

from stack.demo_data.typedstream_writer import Url, Value, attributed_body
from tests.fuzz_typedstream.blobs import BEYOND_THE_ORACLE, FILE, GOLDEN, PART

_LETTERS = "aaaa  eiou\nßéñ шלع日本ↄ🙂👋🏽\u200d\ufffc\ufffd"
_LENGTHS = (0, 1, 2, 5, 12, 40, 127, 128, 300)
_LONGEST_BY_HAND = 5_000  # the long texts of those differ from short ones in nothing but their length
_KEYS = ("__kIMMentionConfirmedMention", "__kIMTextBoldAttributeName", "__kIMLinkAttributeName", FILE, "k")


def make_corpus(rng: random.Random, count: int) -> list[bytes]:
    """Return the blobs that were written by hand, and so many more."""
    by_hand = [golden.blob for golden in GOLDEN + BEYOND_THE_ORACLE if len(golden.blob) <= _LONGEST_BY_HAND]
    return by_hand + [_random_blob(rng) for _ in range(count)]


def _random_blob(rng: random.Random) -> bytes:
    text = _random_text(rng, rng.choice(_LENGTHS))
    mutable = rng.random() < 0.4
    if rng.random() < 0.3:
        return attributed_body(text, mutable=mutable)
    runs: list[tuple[int, dict[str, Value]]] = []
    left = len(text)
    while left:
        length = rng.randint(1, left)
        left -= length
        runs.append((length, _random_attributes(rng)))
        if rng.random() < 0.3:
            runs[-1] = (length, rng.choice(runs)[1])
    return attributed_body(text, mutable=mutable, runs=runs)


def _random_text(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(length))


def _random_attributes(rng: random.Random) -> dict[str, Value]:
    attributes: dict[str, Value] = {key: _random_value(rng, 0) for key in rng.sample(_KEYS, rng.randint(0, 3))}
    return {**attributes, PART: rng.randint(0, 3)}


def _random_value(rng: random.Random, depth: int) -> Value:
    makers: list[Callable[[], Value]] = [
        lambda: _random_text(rng, rng.choice(_LENGTHS[:6])),
        lambda: Url(f"https://example.com/{rng.randint(0, 99)}"),
        lambda: rng.randint(-200, 200),
        lambda: rng.randint(-(2**31), 2**31 - 1),
        lambda: rng.choice([0.5, -1.0, 1e300, 3.0]),
        lambda: rng.random() < 0.5,
        lambda: rng.randbytes(rng.choice((0, 3, 130))),
        lambda: None,
        lambda: [_random_value(rng, depth + 1) for _ in range(rng.randint(0, 3))],
        lambda: {str(key): _random_value(rng, depth + 1) for key in range(rng.randint(0, 3))},
    ]
    return rng.choice(makers[:-2] if depth == 2 else makers)()
