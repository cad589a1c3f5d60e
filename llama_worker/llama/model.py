"""A loaded model file: weights, vocabulary, and what its metadata says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as lib

from llama_worker.engine.model import ModelFileUnusable
from llama_worker.llama.library import log_tail

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)


def check_file(path: Path) -> None:
    """Raise ModelFileUnusable unless the file exists and begins like a GGUF file."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError:
        raise ModelFileUnusable(f"model file {path} does not exist") from None
    except OSError as error:
        raise ModelFileUnusable(f"model file {path} cannot be read: {error.strerror}") from None
    if head[:4] != _MAGIC:
        raise ModelFileUnusable(f"model file {path} is not a GGUF file")
    if (version := int.from_bytes(head[4:8], "little")) not in _VERSIONS:
        raise ModelFileUnusable(f"model file {path} has GGUF version {version}; this worker reads {_VERSIONS}")


class LlamaModel:
    """Weights in memory. `close` frees them, after the contexts that use them."""

    def __init__(self, path: Path, gpu_layers: int, progress: Callable[[float], bool]) -> None:
        """Load the file; `progress` is called with 0 to 1 and returns False to give up. Raises ModelFileUnusable."""
        check_file(path)
        self.handle = _load(path, gpu_layers, progress)
        # Hex; LlamaSource sets it, tools that load a file by themselves need not.
        self.sha256 = ""
        self.vocab = lib.llama_model_get_vocab(self.handle)
        self.vocab_size = int(lib.llama_vocab_n_tokens(self.vocab))
        self.trained_context = int(lib.llama_model_n_ctx_train(self.handle))
        # How far back a layer with a sliding window looks; 0 when there is none.
        self.window = int(lib.llama_model_n_swa(self.handle))
        # Whether some of its layers keep one state for all tokens, instead of something for each.
        self.is_recurrent = bool(lib.llama_model_is_recurrent(self.handle) or lib.llama_model_is_hybrid(self.handle))

    def chat_template(self) -> str:
        """The Jinja template that the file carries, or nothing."""
        template: bytes | None = lib.llama_model_chat_template(self.handle, None)
        return template.decode("utf-8", "replace") if template else ""

    def close(self) -> None:
        """Free the weights."""
        lib.llama_model_free(self.handle)


def _load(path: Path, gpu_layers: int, progress: Callable[[float], bool]) -> Any:
    params = lib.llama_model_default_params()
    params.n_gpu_layers = gpu_layers
    # Bound to a name for as long as the loading lasts: C holds no reference.
    callback = lib.llama_progress_callback(lambda done, _: progress(done))
    params.progress_callback = callback
    log_tail.take()
    handle = lib.llama_model_load_from_file(str(path).encode(), params)
    if not handle:
        why = log_tail.take() or "unknown reason"
        raise ModelFileUnusable(f"model file {path} cannot be loaded; it may be truncated or damaged ({why})")
    return handle
