"""Model files of random blocks, as large as real ones and made about as fast as the disk writes.

Quantising 8 billion drawn weights would take hours. Here the bits of the blocks are drawn instead, and their scales are such that
the weights come out as large as a fresh model's, so that what is computed with them stays finite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import gguf
import numpy as np
from numpy.typing import NDArray

from bench.gpu.shapes import QUANTS, SHAPES
from tests.random_model import Kind, write_model

# Part of the files' names: another number where the same shape would be written otherwise.
_EDITION = 1


@dataclass(frozen=True)
class _Block:
    """How a quantisation's block lies, what its fields other than drawn bits are, and the spread of a weight whose `d` is 1."""

    layout: np.dtype
    fields: dict[str, int | list[int]]
    spread: float
    # The minimum, in multiples of `d`, that brings the mean to zero.
    minimum: float = 0.0


# The scale and minimum of all eight sub-blocks are 17, in the six bits each that Q4_K packs into twelve bytes.
_SEVENTEENS = [0x51] * 8 + [0x11] * 4

_BLOCKS: Final = {
    Kind.Q4_0: _Block(np.dtype([("d", "<f2"), ("bits", "u1", 16)]), {}, 4.61),
    Kind.Q8_0: _Block(np.dtype([("d", "<f2"), ("bits", "u1", 32)]), {}, 73.9),
    Kind.Q4_K: _Block(
        np.dtype([("d", "<f2"), ("minimum", "<f2"), ("scales", "u1", 12), ("bits", "u1", 128)]),
        {"scales": _SEVENTEENS},
        17 * 4.61,
        7.5,
    ),
    Kind.Q6_K: _Block(np.dtype([("bits", "u1", 192), ("scales", "i1", 16), ("d", "<f2")]), {"scales": 4}, 4 * 18.5),
}


def random_blocks(random: np.random.Generator, dimensions: tuple[int, ...], kind: Kind) -> NDArray[np.uint8]:
    """A matrix (outputs, inputs) whose weights have the mean 0 and the variance of 1 / inputs, or nearly so."""
    block = _BLOCKS[kind]
    shape = gguf.quant_shape_to_byte_shape(dimensions, kind)
    size = int(np.prod(shape))
    # Eight bytes at a time are several times as fast as one.
    data = random.integers(0, 1 << 64, -(-size // 8), np.uint64).view(np.uint8)[:size]
    blocks = data.view(block.layout)
    scale = 1 / (np.sqrt(dimensions[-1]) * block.spread)
    blocks["d"] = scale
    if block.minimum:
        blocks["minimum"] = scale * block.minimum
    for name, value in block.fields.items():
        blocks[name] = value
    return data.reshape(shape)


def random_gguf(directory: Path, shape: str, quant: str, progress: Callable[[float], None] = lambda _: None) -> Path:
    """The file of this shape and quantisation, made unless it is there; a half-written file is never taken for it."""
    path = directory / f"random-{shape}-{quant}-{_EDITION}.gguf"
    if path.exists():
        return path
    directory.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    sizes, kind_of = SHAPES[shape], QUANTS[quant]
    write_model(part, sizes, kind_of=lambda name: kind_of(name, sizes), weights=random_blocks, progress=progress)
    return part.rename(path)
