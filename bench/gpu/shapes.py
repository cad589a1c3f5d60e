"""The shapes of models that people serve, and how their files mix quantisations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.random_model import Kind, Shape

SHAPES: Final[Mapping[str, Shape]] = {
    # Llama-3.1-8B
    "8b": Shape(32, 4096, 14_336, 32, 8, vocabulary=128_256, context=131_072, rope_base=500_000, speaks=True),
    # Llama-3.2-3B
    "3b": Shape(28, 3072, 8192, 24, 8, vocabulary=128_256, context=131_072, rope_base=500_000, tied=True, speaks=True),
    # For the processor: as small as blocks of 256 weights let it be.
    "tiny": Shape(2, 256, 512, 4, 2, vocabulary=4096, context=4096, speaks=True),
}


def _mixed(name: str, shape: Shape) -> Kind:
    """Q4_K_M: the output, and half of two kinds of matrices, have six bits a weight."""
    if name == ("token_embd.weight" if shape.tied else "output.weight"):
        return Kind.Q6_K
    if "attn_v" in name or "ffn_down" in name:
        layer, eighth = int(name.split(".")[1]), shape.layers // 8
        if layer < eighth or layer >= 7 * shape.layers // 8 or (layer - eighth) % 3 == 2:
            return Kind.Q6_K
    return Kind.Q4_K


QUANTS: Final[Mapping[str, Callable[[str, Shape], Kind]]] = {
    "q4_k_m": _mixed,
    "q4_0": lambda _name, _shape: Kind.Q4_0,
    "q8_0": lambda _name, _shape: Kind.Q8_0,
}
