"""The time that a step cannot go below: what it reads of the GPU's memory, over how fast that memory is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from llama_worker.llama.gguf_header import read_header
from llama_worker.llama.model_shape import ModelShape, shape_of

# TB/s by the whole name that the driver gives, since a part of a GPU, or the one in a laptop, is slower than its namesake.
_BANDWIDTHS: Final = {
    r"NVIDIA H100 80GB HBM3": 3.35,
    r"NVIDIA H100 PCIe": 2.0,
    r"NVIDIA H200( NVL)?": 4.8,
    r"NVIDIA A100-SXM4-80GB|NVIDIA A100 80GB PCIe": 2.0,
    r"NVIDIA GeForce RTX 4090": 1.01,
    r"NVIDIA GeForce RTX 5090": 1.79,
}


def known_bandwidth(device: str) -> float | None:
    """TB/s of a GPU by its name; None for one that is not in the table."""
    return next((speed for name, speed in _BANDWIDTHS.items() if re.fullmatch(name, device)), None)


@dataclass(frozen=True)
class Traffic:
    """Bytes that a step reads: the weights once, and for each token of each context its keys and values."""

    weights: int
    cell: int

    def step_seconds(
        self, streams: int, context: float, bandwidth: float, efficiency: float = 1.0, host_seconds: float = 0.0
    ) -> float:
        """Seconds of a step that gives each stream a token, at `bandwidth` TB/s of which `efficiency` is reached."""
        return (self.weights + streams * context * self.cell) / (bandwidth * 1e12 * efficiency) + host_seconds


def traffic_of(path: Path) -> Traffic:
    """What the model in this file reads. Of a table of the vocabulary that is not the output too, a few rows, which do not count."""
    shape = shape_of(read_header(path))
    assert shape is not None, "a model of several files"
    return Traffic(_read(shape), sum(layer.cell for layer in shape.layers))


def _read(shape: ModelShape) -> int:
    output = shape.output_weights + (shape.input_weights if shape.table_is_output else 0)
    return sum(layer.weights for layer in shape.layers) + output
