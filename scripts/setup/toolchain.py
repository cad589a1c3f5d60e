"""Finds the compilers that llama.cpp is built with, or says which package brings them."""

import os
import shutil
import subprocess
from pathlib import Path

from scripts.setup.failure import SetupFailed

NO_COMPILER = (
    "No C++ compiler was found, and llama-cpp-python is built from source: install one "
    "(Debian, Ubuntu: apt install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install)"
)
NO_NVCC = (
    "CUDA=1 needs the CUDA compiler, nvcc, which was found neither on PATH nor in /usr/local/cuda: install the CUDA toolkit "
    "(Debian, Ubuntu: apt install nvidia-cuda-toolkit), or name it with CUDACXX="
)
NVCC_HOME = Path("/usr/local/cuda/bin/nvcc")


def require_compiler() -> None:
    """Fail unless a C++ compiler runs. On macOS one is always on PATH, but without the developer tools it only says so."""
    for name in (os.environ.get("CXX"), "c++", "g++", "clang++"):
        path = shutil.which(name) if name else None
        if path and subprocess.run([path, "--version"], check=False, capture_output=True).returncode == 0:
            return
    raise SetupFailed(NO_COMPILER)


def cuda_compiler() -> str:
    """Return the path of nvcc."""
    for name in (os.environ.get("CUDACXX"), "nvcc", str(NVCC_HOME)):
        path = shutil.which(name) if name else None
        if path:
            return path
    raise SetupFailed(NO_NVCC)
