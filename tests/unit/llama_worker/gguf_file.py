"""Writes GGUF files with a header of one's choice, and nothing in their tensors."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ALIGNMENT = 32


def small_model(**changes: Any) -> dict[str, Any]:
    """The metadata of a model of two layers, with some of it changed, or left out where None is given."""
    metadata = {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "llama.embedding_length": 64,
        "llama.feed_forward_length": 256,
        "llama.attention.head_count": 8,
        "llama.attention.head_count_kv": 2,
        "tokenizer.ggml.tokens": ["a", "bc", ""],
    } | {f"llama.{key.replace('__', '.')}": value for key, value in changes.items()}
    return {key: value for key, value in metadata.items() if value is not None}


def gguf_bytes(metadata: Mapping[str, Any], tensors: Mapping[str, int]) -> bytes:
    """The whole file; each tensor gets so many bytes."""
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    header += b"".join(_string(key) + _value(value) for key, value in metadata.items())
    offset = 0
    for name, size in tensors.items():
        header += _string(name) + struct.pack("<IQQIQ", 2, 4, 4, 0, offset)
        offset += -(-size // ALIGNMENT) * ALIGNMENT
    return header + bytes(-len(header) % ALIGNMENT) + bytes(offset)


def write_gguf(path: Path, metadata: Mapping[str, Any], tensors: Mapping[str, int]) -> Path:
    path.write_bytes(gguf_bytes(metadata, tensors))
    return path


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(value: Any) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _string(value)
        case [str(), *_]:
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_string, value))
        case [*_]:
            return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)
    raise TypeError(type(value))
