"""A LoRA adapter of random weights for a model, as training writes one."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from llama_worker.llama.adapter import BASE_SHA256

_RANK = 4


def write_adapter(
    path: Path,
    model: Path,
    *,
    seed: int = 1,
    strength: float = 0.15,
    alpha: float = 8.0,
    architecture: str | None = None,
    base_sha256: str = "",
) -> Path:
    """An adapter on the queries and values of every layer. A and B are (rank, inputs) and (outputs, rank)."""
    base = gguf.GGUFReader(model)
    writer = gguf.GGUFWriter(path, architecture or base.fields["general.architecture"].contents())
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    if base_sha256:
        writer.add_string(BASE_SHA256, base_sha256)
    random = np.random.default_rng(seed)
    for tensor in base.tensors:
        if tensor.name.endswith(("attn_q.weight", "attn_v.weight")):
            inputs, outputs = (int(size) for size in tensor.shape)
            for suffix, shape in ((".lora_a", (_RANK, inputs)), (".lora_b", (outputs, _RANK))):
                weights = random.normal(0, strength, shape).astype(np.float32)
                writer.add_tensor(tensor.name + suffix, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
