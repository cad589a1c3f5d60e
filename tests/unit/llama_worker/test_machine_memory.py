"""Limits of control groups, in both versions of their files."""

from pathlib import Path

import psutil

from llama_worker.llama.machine_memory import gpu_memory, host_memory
from llama_worker.llama.memory_fit import Memory

MIB = 1 << 20


def write(directory: Path, **files: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)


def measured(tmp_path: Path, own: str) -> Memory:
    (tmp_path / "self").write_text(own)
    return host_memory(tmp_path / "fs", tmp_path / "self")


def test_without_limits_it_is_the_machine_s(tmp_path: Path):
    found = measured(tmp_path, "")

    assert found.total == psutil.virtual_memory().total
    assert 0 < found.free <= found.total


def test_the_own_group_limits(tmp_path: Path):
    stat = f"anon 5\ninactive_file {10 * MIB}\nactive_file {5 * MIB}\n"
    write(tmp_path / "fs/a/b", memory__max=f"{100 * MIB}\n", memory__current=f"{40 * MIB}\n", memory__stat=stat)

    # What the file cache holds is given back.
    assert measured(tmp_path, "0::/a/b\n") == Memory(75 * MIB, 100 * MIB)


def test_a_group_around_it_limits_too(tmp_path: Path):
    write(tmp_path / "fs/a", memory__max=f"{50 * MIB}\n", memory__current=f"{45 * MIB}\n")
    write(tmp_path / "fs/a/b", memory__max="max\n", memory__current=f"{40 * MIB}\n")

    assert measured(tmp_path, "0::/a/b\n") == Memory(5 * MIB, 50 * MIB)


def test_in_a_container_the_path_is_elsewhere(tmp_path: Path):
    write(tmp_path / "fs", memory__max=f"{100 * MIB}\n", memory__current=f"{10 * MIB}\n")

    assert measured(tmp_path, "0::/docker/0123\n") == Memory(90 * MIB, 100 * MIB)


def test_the_older_files_are_read(tmp_path: Path):
    write(
        tmp_path / "fs/memory/job",
        memory__limit_in_bytes=f"{100 * MIB}\n",
        memory__usage_in_bytes=f"{60 * MIB}\n",
        memory__stat=f"total_inactive_file {20 * MIB}\n",
    )

    assert measured(tmp_path, "9:cpu:/x\n4:memory:/job\n0::/\n") == Memory(60 * MIB, 100 * MIB)


def test_a_build_for_the_processor_sees_no_gpu_or_what_it_sees_has_memory():
    found = gpu_memory()

    assert found is None or 0 < found.free <= found.total
