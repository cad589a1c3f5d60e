"""How much memory there is: of the machine, of the control group that this process is confined to, and of the GPUs."""

import ctypes
from collections.abc import Iterable, Iterator
from functools import reduce
from pathlib import Path

import psutil

# The library's handle is not in the package's promises, which is one reason why its version is pinned to the number.
from llama_cpp._ggml import libggml

from llama_worker.llama.memory_fit import MachineMemory, Memory

# ggml_backend_dev_type
_GPU, _INTEGRATED_GPU = 1, 2
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")

libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
libggml.ggml_backend_dev_type.restype = ctypes.c_int
libggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
libggml.ggml_backend_dev_memory.restype = None
libggml.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, *[ctypes.POINTER(ctypes.c_size_t)] * 2]


def machine_memory() -> MachineMemory:
    """Ask the system and the GPUs."""
    return MachineMemory(host_memory(), gpu_memory())


def host_memory(root: Path = _CGROUPS, own: Path = _OWN_CGROUP) -> Memory:
    """What this process may still take, by the tightest limit."""
    system = psutil.virtual_memory()
    limits = [Memory(system.available, system.total), *_cgroup_limits(root, own)]
    return reduce(lambda a, b: Memory(min(a.free, b.free), min(a.total, b.total)), limits)


def gpu_memory() -> Memory | None:
    """All GPUs that llama.cpp would use together; those inside a processor only where there is no other."""
    devices = [libggml.ggml_backend_dev_get(index) for index in range(libggml.ggml_backend_dev_count())]
    for kind in (_GPU, _INTEGRATED_GPU):
        found = [_device_memory(device) for device in devices if libggml.ggml_backend_dev_type(device) == kind]
        if found:
            return Memory(sum(memory.free for memory in found), sum(memory.total for memory in found))
    return None


def _device_memory(device: int) -> Memory:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    libggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
    return Memory(free.value, total.value)


def _cgroup_limits(root: Path, own: Path) -> Iterator[Memory]:
    """The limits of the own control group and of those around it, in both versions of their files."""
    for line in _lines(own):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            names, top = ("memory.max", "memory.current", ("inactive_file", "active_file")), root
        elif "memory" in controllers.split(","):
            file_keys = ("total_inactive_file", "total_active_file")
            names, top = ("memory.limit_in_bytes", "memory.usage_in_bytes", file_keys), root / "memory"
        else:
            continue
        for directory in _upwards(top, path):
            yield from _limit(directory, *names)


def _upwards(top: Path, path: str) -> Iterator[Path]:
    directory = top / path.lstrip("/")
    while directory != top and top in directory.parents:
        yield directory
        directory = directory.parent
    # In a container the path is often that of the host, and what is mounted here is the own group.
    yield top


def _limit(directory: Path, limit_file: str, usage_file: str, file_keys: Iterable[str]) -> Iterator[Memory]:
    try:
        limit = int((directory / limit_file).read_text())
        used = int((directory / usage_file).read_text())
    except (OSError, ValueError):
        # "max", or a group without such files.
        return
    statistics = dict(line.split(" ", 1) for line in _lines(directory / "memory.stat"))
    # The system frees the file cache when it needs memory.
    used -= sum(int(statistics.get(key, 0)) for key in file_keys)
    yield Memory(max(limit - max(used, 0), 0), limit)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
