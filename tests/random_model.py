"""Model files of random weights, in any shape: what they say is noise, what they cost is that of a real model of that shape.

Their tokens are the 256 bytes and three special ones, so that a tiny model is tiny, and every text can be written.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import gguf
import numpy as np

Kind = gguf.GGMLQuantizationType
Weights = Callable[[np.random.Generator, tuple[int, ...], Kind], np.ndarray]

BYTES: Final = 256
_SPECIAL: Final = ("<unk>", "<bos>", "<eos>")
_END: Final = 2


@dataclass(frozen=True)
class Shape:
    """Sizes of a Llama-like model; `vocabulary` beyond what the tokens need is filled with tokens that nothing is made of."""

    layers: int = 2
    width: int = 64
    feed_forward: int = 128
    heads: int = 4
    heads_kv: int = 2
    vocabulary: int = 320
    context: int = 4096
    kind: Kind = Kind.F32
    rope_base: float = 10_000.0
    # Whether the table of the vocabulary is the output too.
    tied: bool = False
    # Whether the tokens that nothing is made of are words, which the model may say.
    speaks: bool = False


TINY: Final = Shape()


def write_model(
    path: Path,
    shape: Shape = TINY,
    seed: int = 1,
    kind_of: Callable[[str], Kind] | None = None,
    weights: Weights | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Path:
    """Write a GGUF file, tensor by tensor, so that a large one needs memory for one of them only.

    A matrix is of the shape's kind, or of `kind_of` its name; `weights` makes what stands in it.
    """
    sizes = tensors_of(shape)
    kinds = {name: kind_of(name) if kind_of else shape.kind for name in sizes}
    random = np.random.default_rng(seed)
    make = weights or _quantized
    with closing(gguf.GGUFWriter(path, "llama")) as writer:
        _describe(writer, shape)
        for name, dimensions in sizes.items():
            kind = Kind.F32 if len(dimensions) == 1 else kinds[name]
            size = gguf.quant_shape_to_byte_shape(dimensions, kind)
            writer.add_tensor_info(name, size, np.dtype(np.uint8), int(np.prod(size)), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for count, (name, dimensions) in enumerate(sizes.items(), 1):
            is_norm = len(dimensions) == 1
            data = np.ones(dimensions, np.float32) if is_norm else make(random, dimensions, kinds[name])
            writer.write_tensor_data(data)
            progress(count / len(sizes))
    return path


def _describe(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads_kv)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    describe_tokens(writer, shape.vocabulary, shape.speaks)


def describe_tokens(writer: gguf.GGUFWriter, vocabulary: int, speaks: bool = False) -> None:
    """Write the vocabulary, of so many tokens."""
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    tokens = [*_SPECIAL, *_byte_letters(), "ab"]
    spare = vocabulary - len(tokens)
    tokens += [f"word{number}" if speaks else f"<unused {number}>" for number in range(spare)]
    writer.add_token_list(tokens)
    usual, special, unused = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL, gguf.TokenType.UNUSED
    rest = usual if speaks else unused
    writer.add_token_types([special] * len(_SPECIAL) + [usual] * (BYTES + 1) + [rest] * spare)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(_END)
    writer.add_add_bos_token(False)


def _byte_letters() -> list[str]:
    """The letters by which GPT-2's tokens spell bytes: the visible ones are themselves, the others follow behind."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(BYTES) if byte not in visible]
    letters = {byte: chr(byte) for byte in visible} | {byte: chr(BYTES + place) for place, byte in enumerate(others)}
    return [letters[byte] for byte in range(BYTES)]


def tensors_of(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Each tensor's shape as numpy has it: (outputs, inputs)."""
    width, key_value = shape.width, shape.width // shape.heads * shape.heads_kv
    sizes: dict[str, tuple[int, ...]] = {"token_embd.weight": (shape.vocabulary, width)}
    for layer in range(shape.layers):
        sizes |= {
            f"blk.{layer}.attn_norm.weight": (width,),
            f"blk.{layer}.attn_q.weight": (width, width),
            f"blk.{layer}.attn_k.weight": (key_value, width),
            f"blk.{layer}.attn_v.weight": (key_value, width),
            f"blk.{layer}.attn_output.weight": (width, width),
            f"blk.{layer}.ffn_norm.weight": (width,),
            f"blk.{layer}.ffn_gate.weight": (shape.feed_forward, width),
            f"blk.{layer}.ffn_up.weight": (shape.feed_forward, width),
            f"blk.{layer}.ffn_down.weight": (width, shape.feed_forward),
        }
    sizes["output_norm.weight"] = (width,)
    return sizes if shape.tied else sizes | {"output.weight": (shape.vocabulary, width)}


def _quantized(random: np.random.Generator, dimensions: tuple[int, ...], kind: Kind) -> np.ndarray:
    weights = random.standard_normal(dimensions, np.float32) / np.float32(np.sqrt(dimensions[-1]))
    return gguf.quantize(weights, kind)
