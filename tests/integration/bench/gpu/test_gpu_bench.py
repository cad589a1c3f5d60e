"""The bench of GPUs on the processor: its models can be computed with, and its table is whole."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bench.gpu.__main__ import main
from bench.gpu.random_gguf import random_gguf
from bench.gpu.shapes import QUANTS
from llama_worker.engine.backend import DECODED, Span
from llama_worker.engine.request import Sampling
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.tokenizer import Tokenizer

ROOT = Path(__file__).resolve().parents[4]
ROWS = [
    "prompts and answers",
    "answers alone",
    "first token, cold",
    "first token, second draft",
    "between two tokens",
    "host's work for a token",
    "graphs reused",
    "worker over the roofline",
    "bare loop over the roofline",
]


@pytest.mark.parametrize("quant", QUANTS)
def test_a_random_model_writes(quant: str, tmp_path: Path):
    model = LlamaModel(random_gguf(tmp_path, "tiny", quant), 0, lambda _: True)
    backend = LlamaBackend(model, Tokenizer(model), ContextOptions(1, 256, 256, 2))
    sampler = backend.sampler(Sampling(seed=1), 1, [])

    # A distribution with a single value that is no number is refused by the sampler.
    tokens = list(b"hello")
    said: list[bytes] = []
    for step in range(8):
        start = 0 if step == 0 else 4 + step
        assert backend.decode([Span(0, start, tokens, True)]) == DECODED
        token, logprob = sampler.sample(0)
        assert -20 < logprob < 0
        tokens, said = [token], [*said, backend.piece(token)]

    assert all(said)
    sampler.close()
    backend.close()


async def test_all_rows_of_each_number_of_streams_are_there(tmp_path: Path):
    table = await bench("--cpu", "--bandwidth", "0.05", "--dir", str(tmp_path), "--streams", "1", "3")

    for streams in ("1 stream", "3 streams"):
        assert [row for row in ROWS if f"{streams}: {row}" not in table] == []


async def test_without_the_speed_of_the_memory_there_is_no_roofline(tmp_path: Path):
    table = await bench("--cpu", "--dir", str(tmp_path), "--streams", "2")

    assert "--bandwidth" in table
    assert "2 streams: graphs reused" in table
    assert "over the roofline" not in table


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--streams", "0"], "--streams: 0 is no count"),
        (["--rounds", "many"], "--rounds: many is no count"),
        (["--bandwidth", "nan"], "--bandwidth: nan is no speed"),
        (["--shape", "70b"], "--shape: invalid choice: '70b'"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["--cpu", *arguments])

    assert named in capsys.readouterr().err


async def bench(*arguments: str) -> str:
    short = ("--rounds", "1", "--prompt", "40", "--predict", "40", "--threads", "2")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.gpu", *arguments, *short),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()
