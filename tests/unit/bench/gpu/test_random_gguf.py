"""Files of random blocks: weights of a sane size, files of a real size."""

from pathlib import Path

import gguf
import numpy as np
import pytest

from bench.gpu.random_gguf import random_blocks, random_gguf
from bench.gpu.roofline import traffic_of
from bench.gpu.shapes import QUANTS, SHAPES
from tests.random_model import Kind, tensors_of


@pytest.mark.parametrize("kind", [Kind.Q4_0, Kind.Q8_0, Kind.Q4_K, Kind.Q6_K])
def test_blocks_hold_weights_of_a_fresh_model(kind: Kind):
    blocks = random_blocks(np.random.default_rng(1), (512, 1024), kind)

    weights = gguf.dequantize(blocks, kind) * np.sqrt(1024)

    assert weights.shape == (512, 1024)
    assert weights.std() == pytest.approx(1, abs=0.02)
    assert weights.mean() == pytest.approx(0, abs=0.12)


@pytest.mark.parametrize(
    ("shape", "quant", "gigabytes"), [("8b", "q4_k_m", 4.92), ("8b", "q8_0", 8.54), ("3b", "q4_k_m", 2.02)]
)
def test_files_are_as_large_as_those_that_people_download(shape: str, quant: str, gigabytes: float):
    sizes = tensors_of(SHAPES[shape])

    total = sum(
        np.prod(gguf.quant_shape_to_byte_shape(dimensions, QUANTS[quant](name, SHAPES[shape])))
        for name, dimensions in sizes.items()
        if len(dimensions) > 1
    )

    assert total / 1e9 == pytest.approx(gigabytes, rel=0.01)


def test_a_file_is_made_once_and_whole(tmp_path: Path):
    heard: list[float] = []
    first = random_gguf(tmp_path, "tiny", "q4_0", heard.append)
    made = first.stat()

    again = random_gguf(tmp_path, "tiny", "q4_0", heard.append)

    assert (again, again.stat().st_mtime_ns) == (first, made.st_mtime_ns)
    assert heard[-1] == 1.0
    assert heard.count(1.0) == 1
    assert list(tmp_path.iterdir()) == [first]


def test_one_that_was_broken_off_is_made_anew(tmp_path: Path):
    def give_up(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        random_gguf(tmp_path, "tiny", "q4_0", give_up)

    path = random_gguf(tmp_path, "tiny", "q4_0")

    assert gguf.GGUFReader(path).tensors[-1].name == "output.weight"


def test_a_step_reads_all_but_the_table_of_the_vocabulary(tmp_path: Path):
    path = random_gguf(tmp_path, "tiny", "q8_0")

    traffic = traffic_of(path)

    table = 4096 * 256 // 32 * 34
    matrices = sum(tensor.n_bytes for tensor in gguf.GGUFReader(path).tensors)
    assert traffic.weights == matrices - table
    # Two layers, two heads of 64, keys and values, in 16 bits.
    assert traffic.cell == 2 * 2 * 64 * 2 * 2
