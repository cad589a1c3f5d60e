"""LoRA adapters in llama.cpp: loaded, and checked against the model before anything computes with them."""

import ctypes
import math
from typing import Any

import llama_cpp.llama_cpp as lib

from llama_worker.engine.adapters import AdapterFile, AdapterUnusable
from llama_worker.llama.library import log_tail
from llama_worker.llama.model import LlamaModel

# The SHA-256 of the model file that an adapter was trained for; what this product trains says it.
BASE_SHA256 = "assistant.base_sha256"
_ALPHA = "adapter.lora.alpha"
_LONGEST = 256


class LlamaAdapter:
    """An adapter in memory. `close` frees it, before its model and after every context that uses it."""

    def __init__(self, model: LlamaModel, file: AdapterFile) -> None:
        """Load the file. Raises AdapterUnusable when it is no adapter, or one for another model."""
        self.scale = file.scale
        log_tail.take()
        # llama.cpp checks the architecture, and that each tensor has one of the model's to go with.
        self.handle = lib.llama_adapter_lora_init(model.handle, str(file.path).encode())
        if not self.handle:
            raise AdapterUnusable(
                f"adapter {file.id} does not go with this model, or its file is damaged"
                f" ({log_tail.take() or 'unknown reason'})"
            )
        try:
            self._check(model, file)
        except AdapterUnusable:
            self.close()
            raise

    def close(self) -> None:
        """Free it."""
        lib.llama_adapter_lora_free(self.handle)

    def _check(self, model: LlamaModel, file: AdapterFile) -> None:
        base = self._value(BASE_SHA256)
        if base and model.sha256 and base != model.sha256:
            raise AdapterUnusable(f"adapter {file.id} was trained for another model: the base model's SHA-256 differs")
        alpha = _number(self._value(_ALPHA))
        if not (math.isfinite(alpha) and alpha > 0):
            raise AdapterUnusable(f"adapter {file.id} says no alpha above 0, without which its weight is not known")

    def _value(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(_LONGEST)
        length = lib.llama_adapter_meta_val_str(self.handle, key.encode(), buffer, _LONGEST)
        return buffer.value.decode("utf-8", "replace") if length > 0 else ""


def set_adapter(context: Any, adapter: LlamaAdapter | None) -> None:
    """Let a context compute with the adapter, or with the base model alone."""
    if adapter is None:
        lib.llama_set_adapters_lora(context, None, 0, None)
        return
    handles = (lib.llama_adapter_lora_p_ctypes * 1)(adapter.handle)
    scales = (ctypes.c_float * 1)(adapter.scale)
    lib.llama_set_adapters_lora(context, handles, 1, scales)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
