"""The GPU that llama.cpp would use, by its name."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence

import llama_cpp.llama_cpp as lib

# The library's handle is not in the package's promises, which is one reason why its version is pinned to the number.
from llama_cpp._ggml import libggml

# ggml_backend_dev_type
_GPU = 1

HOW_TO_BUILD = (
    "This build of llama-cpp-python computes on the processor only. Build it for NVIDIA GPUs, with nvcc on PATH:\n"
    '  CMAKE_ARGS="-DGGML_CUDA=on" pip install --force-reinstall --no-deps --no-binary llama-cpp-python llama-cpp-python==0.3.36\n'
    "or, in a checkout, `make setup CUDA=1`. `--cpu` runs the tiny shape on the processor."
)
NO_GPU = "This build of llama-cpp-python can use GPUs, but sees none: look at `nvidia-smi` and CUDA_VISIBLE_DEVICES."


class NoGpu(Exception):
    """What is missing, for a person."""


def gpu_names() -> list[str]:
    """All GPUs of their own, as their driver calls them."""
    lib.llama_backend_init()
    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    get, kind, name = (getattr(libggml, f"ggml_backend_dev_{what}") for what in ("get", "type", "description"))
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    kind.restype, kind.argtypes = ctypes.c_int, [ctypes.c_void_p]
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    devices = [get(index) for index in range(libggml.ggml_backend_dev_count())]
    return [name(device).decode() for device in devices if kind(device) == _GPU]


def first_gpu(
    can_offload: Callable[[], bool] = lib.llama_supports_gpu_offload, names: Callable[[], Sequence[str]] = gpu_names
) -> str:
    """The name of the first GPU. Raises NoGpu."""
    if not can_offload():
        raise NoGpu(HOW_TO_BUILD)
    found = names()
    if not found:
        raise NoGpu(NO_GPU)
    return found[0]
