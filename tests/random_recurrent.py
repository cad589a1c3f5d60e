"""Model files of random weights with recurrent layers, which keep one state instead of something for each token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import gguf
import numpy as np

from tests.random_model import describe_tokens

_LAYERS, _WIDTH, _INNER, _STATE, _CONVOLUTION, _RANK = 2, 64, 128, 16, 4, 8
_VOCABULARY = 320


_HEADS, _HEADS_KV, _FEED_FORWARD, _HYBRID_LAYERS = 4, 2, 128, 4


def write_mamba(path: Path, seed: int = 1) -> Path:
    """A Mamba: recurrent in all layers."""
    random = np.random.default_rng(seed)
    with _written(path, "mamba", _LAYERS) as writer:
        writer.add_feed_forward_length(0)
        writer.add_head_count(0)
        writer.add_ssm_conv_kernel(_CONVOLUTION)
        writer.add_ssm_inner_size(_INNER)
        writer.add_ssm_state_size(_STATE)
        writer.add_ssm_time_step_rank(_RANK)
        writer.add_tensor("token_embd.weight", _matrix(random, _VOCABULARY, _WIDTH))
        for layer in range(_LAYERS):
            _add_layer(writer, layer, _mamba_layer(random))
        writer.add_tensor("output_norm.weight", np.ones(_WIDTH, np.float32))
        writer.add_tensor("output.weight", _matrix(random, _VOCABULARY, _WIDTH))
    return path


def write_hybrid(path: Path, seed: int = 1) -> Path:
    """An LFM2: every second layer is a short convolution, which is recurrent, the others have attention."""
    random = np.random.default_rng(seed)
    heads = [0 if layer % 2 == 0 else _HEADS_KV for layer in range(_HYBRID_LAYERS)]
    with _written(path, "lfm2", _HYBRID_LAYERS) as writer:
        writer.add_feed_forward_length(_FEED_FORWARD)
        writer.add_head_count(_HEADS)
        writer.add_head_count_kv(heads)
        writer.add_rope_freq_base(10_000.0)
        writer.add_shortconv_l_cache(_CONVOLUTION - 1)
        writer.add_tensor("token_embd.weight", _matrix(random, _VOCABULARY, _WIDTH))
        writer.add_tensor("token_embd_norm.weight", np.ones(_WIDTH, np.float32))
        for layer, attends in enumerate(heads):
            own = _attention(random) if attends else _short_convolution(random)
            _add_layer(writer, layer, own | _feed_forward(random))
    return path


@contextmanager
def _written(path: Path, architecture: str, layers: int) -> Iterator[gguf.GGUFWriter]:
    with closing(gguf.GGUFWriter(path, architecture)) as writer:
        writer.add_context_length(4096)
        writer.add_embedding_length(_WIDTH)
        writer.add_block_count(layers)
        writer.add_layer_norm_rms_eps(1e-5)
        describe_tokens(writer, _VOCABULARY, speaks=True)
        yield writer
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()


def _add_layer(writer: gguf.GGUFWriter, layer: int, tensors: dict[str, np.ndarray]) -> None:
    for name, tensor in tensors.items():
        writer.add_tensor(f"blk.{layer}.{name}", tensor)


def _mamba_layer(random: np.random.Generator) -> dict[str, np.ndarray]:
    # Slow to forget, so that the beginning of a text still counts at its end.
    decay = -np.tile(np.arange(1, _STATE + 1, dtype=np.float32) / 100, (_INNER, 1))
    return {
        "attn_norm.weight": np.ones(_WIDTH, np.float32),
        "ssm_in.weight": _matrix(random, 2 * _INNER, _WIDTH),
        "ssm_conv1d.weight": _matrix(random, _INNER, _CONVOLUTION),
        "ssm_conv1d.bias": np.zeros(_INNER, np.float32),
        "ssm_x.weight": _matrix(random, _RANK + 2 * _STATE, _INNER),
        "ssm_dt.weight": _matrix(random, _INNER, _RANK),
        "ssm_dt.bias": np.zeros(_INNER, np.float32),
        "ssm_a": decay,
        "ssm_d": np.ones(_INNER, np.float32),
        "ssm_out.weight": _matrix(random, _WIDTH, _INNER),
    }


def _short_convolution(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "attn_norm.weight": np.ones(_WIDTH, np.float32),
        "shortconv.conv.weight": _matrix(random, _WIDTH, _CONVOLUTION - 1),
        "shortconv.in_proj.weight": _matrix(random, 3 * _WIDTH, _WIDTH),
        "shortconv.out_proj.weight": _matrix(random, _WIDTH, _WIDTH),
    }


def _attention(random: np.random.Generator) -> dict[str, np.ndarray]:
    head = _WIDTH // _HEADS
    return {
        "attn_norm.weight": np.ones(_WIDTH, np.float32),
        "attn_q.weight": _matrix(random, _WIDTH, _WIDTH),
        "attn_k.weight": _matrix(random, _HEADS_KV * head, _WIDTH),
        "attn_v.weight": _matrix(random, _HEADS_KV * head, _WIDTH),
        "attn_q_norm.weight": np.ones(head, np.float32),
        "attn_k_norm.weight": np.ones(head, np.float32),
        "attn_output.weight": _matrix(random, _WIDTH, _WIDTH),
    }


def _feed_forward(random: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "ffn_norm.weight": np.ones(_WIDTH, np.float32),
        "ffn_gate.weight": _matrix(random, _FEED_FORWARD, _WIDTH),
        "ffn_up.weight": _matrix(random, _FEED_FORWARD, _WIDTH),
        "ffn_down.weight": _matrix(random, _WIDTH, _FEED_FORWARD),
    }


def _matrix(random: np.random.Generator, outputs: int, inputs: int) -> np.ndarray:
    return random.standard_normal((outputs, inputs), np.float32) / np.float32(np.sqrt(inputs))
