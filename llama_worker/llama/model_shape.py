"""The numbers of a model that decide how much memory it takes."""

import re
from dataclasses import dataclass

from llama_worker.llama.gguf_header import Header, HeaderUnreadable, LongArray, Value

# Keys and values are kept as 16-bit floats.
CELL_BYTES = 2
# The states of recurrent layers stay in full.
STATE_BYTES = 4
_MOST_LAYERS = 4096
_LAYER = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Layer:
    """One repeating layer, in bytes: its weights, the KV cache of one token, and the recurrent state of one sequence."""

    weights: int
    cell: int
    state: int = 0


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A model: weights in bytes, the rest in counts."""

    layers: tuple[Layer, ...]
    # The table of the vocabulary at the beginning, and all that comes after the layers.
    input_weights: int
    output_weights: int
    # A model without an output of its own uses the table twice; the GPU then has a second copy of it.
    table_is_output: bool
    vocabulary: int
    embedding: int
    feed_forward: int


def shape_of(header: Header) -> ModelShape | None:
    """Read the shape. None for a model that is split into several files: one does not list all tensors. Raises HeaderUnreadable."""
    keys = _Keys(header)
    if keys.number("split.count", 1) > 1:
        return None
    count = keys.number("block_count")
    if count > _MOST_LAYERS:
        raise HeaderUnreadable("block_count is no count")
    weights = [0] * count
    for name, size in header.tensors.items():
        if (match := _LAYER.match(name)) and int(match[1]) < count:
            weights[int(match[1])] += size
    table = sum(size for name, size in header.tensors.items() if name.startswith("token_embd."))
    rest = sum(header.tensors.values()) - sum(weights) - table
    return ModelShape(
        layers=tuple(Layer(own, _cell(keys, index), _state(keys, index)) for index, own in enumerate(weights)),
        input_weights=table,
        output_weights=rest,
        table_is_output="output.weight" not in header.tensors,
        vocabulary=keys.number("vocab_size", keys.length("tokenizer.ggml.tokens")),
        embedding=keys.number("embedding_length"),
        feed_forward=_feed_forward(keys),
    )


def _cell(keys: "_Keys", layer: int) -> int:
    """What one token takes in the cache of one layer: keys and values of the heads that keep some."""
    heads = keys.of_layer("attention.head_count", layer, 0)
    if not heads:
        return 0
    usual = keys.number("embedding_length") // heads
    width = keys.number("attention.key_length", usual) + keys.number("attention.value_length", usual)
    return keys.of_layer("attention.head_count_kv", layer, heads) * width * CELL_BYTES


def _state(keys: "_Keys", layer: int) -> int:
    """What one sequence takes in a recurrent layer, as llama.cpp lays it out: its state, and its last few inputs."""
    if keys.differ("attention.head_count_kv") and keys.of_layer("attention.head_count_kv", layer, 0):
        # Of a hybrid whose layers are one or the other.
        return 0
    embedding = keys.number("embedding_length")
    if head := keys.number("wkv.head_size", 0):
        numbers = embedding * (head + keys.number("token_shift_count", 2))
    elif kept := keys.number("shortconv.l_cache", 0):
        numbers = embedding * (kept - 1)
    else:
        inner, size = keys.number("ssm.inner_size", 0), keys.number("ssm.state_size", 0)
        inputs = inner + 2 * keys.number("ssm.group_count", 0) * size
        numbers = inner * size + max(keys.number("ssm.conv_kernel", 0) - 1, 0) * inputs
    return numbers * STATE_BYTES


def _feed_forward(keys: "_Keys") -> int:
    experts = keys.number("expert_feed_forward_length", 0) * keys.number("expert_used_count", 1)
    return max(keys.largest("feed_forward_length"), experts)


class _Keys:
    """Numbers of the metadata, those of the architecture by their short names."""

    def __init__(self, header: Header) -> None:
        architecture = header.metadata.get("general.architecture")
        if not isinstance(architecture, bytes):
            raise HeaderUnreadable("general.architecture is missing")
        self._metadata = header.metadata
        self._prefix = architecture.decode("utf-8", "replace")

    def number(self, key: str, default: int | None = None) -> int:
        found = self._find(key)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            raise HeaderUnreadable(f"{key} is {'missing' if found is None else 'no count'}")
        return found

    def of_layer(self, key: str, layer: int, default: int) -> int:
        """A number that may differ between layers."""
        found = self._find(key)
        if not isinstance(found, tuple):
            return self.number(key, default)
        if layer >= len(found) or found[layer] < 0:
            raise HeaderUnreadable(f"{key} has not a count for each layer")
        return int(found[layer])

    def differ(self, key: str) -> bool:
        """Whether each layer has a number of its own."""
        return isinstance(self._find(key), tuple)

    def largest(self, key: str) -> int:
        found = self._find(key)
        return int(max(found, default=0)) if isinstance(found, tuple) else self.number(key, 0)

    def length(self, key: str) -> int:
        found = self._metadata.get(key)
        return found.length if isinstance(found, LongArray) else 0

    def _find(self, key: str) -> Value | None:
        return self._metadata.get(f"{self._prefix}.{key}", self._metadata.get(key))
