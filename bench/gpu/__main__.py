"""The worker on an NVIDIA GPU, beside the bare llama_decode loop and the roofline, with models of random weights made on the spot.

python -m bench.gpu [--shape 8b 3b] [--quant q4_k_m] [--streams 1 8 32 64] [--prompt 512] [--predict 128] [--rounds 3]

Nothing is downloaded. See bench/gpu/README.md for a machine without a network. `--cpu` runs a tiny shape on the processor, which
shows that the bench works and nothing about a GPU.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Imported first: it chooses how OpenMP waits, and llama.cpp reads that when it is loaded.
import llama_worker.llama  # noqa: F401  # isort: skip

from rich.console import Console
from rich.progress import Progress

from bench.gpu.comparison import NoFullSteps, Roof, Task, compare
from bench.gpu.devices import NoGpu, first_gpu
from bench.gpu.random_gguf import random_gguf
from bench.gpu.roofline import known_bandwidth, traffic_of
from bench.gpu.shapes import QUANTS, SHAPES
from bench.table import print_table
from model_files.files import DEFAULT_CACHE

_ALL_LAYERS = -1


def main(arguments: Sequence[str] | None = None) -> None:
    """Find the GPU, make the models, measure, print a table for each."""
    given = _parser().parse_args(arguments)
    try:
        device = "the processor" if given.cpu else first_gpu()
    except NoGpu as error:
        sys.exit(str(error))
    bandwidth = given.bandwidth or known_bandwidth(device)
    if bandwidth is None:
        print(
            f"The memory of {device} is not in the table: without --bandwidth TB/s the rows of the roofline are left out."
        )
    for shape in given.shape or (["tiny"] if given.cpu else ["8b", "3b"]):
        model = _made(given.dir, shape, given.quant)
        task = Task(model, 0 if given.cpu else _ALL_LAYERS, given.prompt, given.predict, given.threads, given.rounds)
        roof = Roof(traffic_of(model), bandwidth) if bandwidth else None
        title = f"{shape} {given.quant} on {device}"
        for streams in given.streams:
            try:
                rows = compare(task, streams, roof)
            except NoFullSteps as error:
                sys.exit(str(error))
            print_table(title, rows)


def _made(directory: Path, shape: str, quant: str) -> Path:
    with Progress(console=Console(stderr=True)) as bar:
        line = bar.add_task(f"weights of {shape} in {quant}", total=1.0)
        path = random_gguf(directory.expanduser(), shape, quant, lambda done: bar.update(line, completed=done))
        bar.update(line, completed=1.0)
        return path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", nargs="+", choices=SHAPES, help="8b and 3b, or tiny on the processor")
    parser.add_argument("--quant", choices=QUANTS, default="q4_k_m")
    parser.add_argument("--streams", type=_count, nargs="+", default=[1, 8, 32, 64])
    parser.add_argument("--prompt", type=_count, default=512, help="tokens of a prompt")
    parser.add_argument("--predict", type=_count, default=128, help="tokens of an answer")
    parser.add_argument("--rounds", type=_count, default=3, help="the medians of so many are shown")
    parser.add_argument("--threads", type=_count, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--bandwidth", type=_speed, help="TB/s of the GPU's memory, where it is not a known one")
    parser.add_argument("--dir", type=Path, default=DEFAULT_CACHE, help=f"where the models are kept ({DEFAULT_CACHE})")
    parser.add_argument("--cpu", action="store_true", help="on the processor, with the tiny shape")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no count: 1 or more is")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no speed: TB/s, such as 3.35")
    return speed


if __name__ == "__main__":
    main()
