"""Drafts as a browser gets them, SSE through Envoy, beside the bare llama_decode loop on the same machine.

python -m bench.stream --url http://127.0.0.1:8080 --password … [--streams 1 8] [--seconds 20] [--rounds 3] [--threads 2]

Needs a running product with conversations (`assistant up --demo`) and nothing else that computes. Readers ask for one draft
after another, none from the cache. The bare loop then prefills prompts and decodes answers of the same mean lengths, in as many
sequences, with no sampling, no text and nobody who reads.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from statistics import mean, median
from typing import Any

import httpx

from bench.bare_decode import measure
from bench.table import Row, print_table
from model_files.files import DEFAULT_CACHE, ModelFiles, load_manifest

_WISH = {"skipCache": True, "instruction": "tell a long story, in many sentences", "sampling": {"maxTokens": 64}}
_PACKAGED = "smollm2-135m-instruct"


@dataclass
class Heard:
    """What all readers of a run heard, each event with its time."""

    tokens: list[float] = field(default_factory=list)
    first_tokens: list[float] = field(default_factory=list)
    prompt_lengths: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    events_of_whole: int = 0

    def rate(self, start: float, end: float) -> float:
        """Tokens per second in this time. A piece may hold more than one token; whole drafts tell how many on average."""
        pieces = sum(start <= at < end for at in self.tokens)
        return pieces / (end - start) * sum(self.lengths) / max(1, self.events_of_whole)


def run(
    url: str, password: str, model: Path, streams: Sequence[int], seconds: float, rounds: int, threads: int
) -> list[Row]:
    """Measure both in turn, round by round; the median of each."""
    rows = []
    for count in streams:
        product, bare, first = [], [], []
        for _ in range(rounds):
            heard, rate = asyncio.run(_product(url, password, count, seconds))
            lengths = round(mean(heard.prompt_lengths)), max(1, round(mean(heard.lengths)))
            product.append(rate)
            first += heard.first_tokens
            bare.append(measure(model, count, *lengths, threads).overall_rate)
        prompt, predict = lengths
        shape = f"{prompt} prompt tokens, {predict} decoded a draft"
        rows += [
            Row(f"bare loop, {count} sequences, {shape}", median(bare), "tokens/s"),
            Row(
                f"SSE, {count} streams",
                median(product),
                "tokens/s",
                "bare loop",
                median(product) / median(bare),
                "≥ 0.9",
            ),
            Row(f"SSE, {count} streams, first token", median(first), "s, median"),
        ]
    return rows


async def _product(url: str, password: str, count: int, seconds: float) -> tuple[Heard, float]:
    heard = Heard()
    limits = httpx.Limits(max_connections=count + 1)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client:
        signed_in = await client.post("/api/auth/signin", json={"password": password})
        signed_in.raise_for_status()
        conversations = (await client.get("/api/conversations")).raise_for_status().json()["conversations"]
        ids = [conversation["conversationId"] for conversation in conversations]
        readers = [asyncio.create_task(_read(client, one, heard)) for one in islice(cycle(ids), count)]
        # Readers begin together; by then each is somewhere else in its draft.
        await asyncio.sleep(seconds / 4)
        start = time.perf_counter()
        await asyncio.sleep(seconds)
        end = time.perf_counter()
        for reader in readers:
            # One that ended did so with an error, which is raised here.
            if reader.done():
                await reader
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    return heard, heard.rate(start, end)


async def _read(client: httpx.AsyncClient, conversation_id: str, heard: Heard) -> None:
    while True:
        asked, pieces = time.perf_counter(), 0
        async for event in _events(client, {"conversationId": conversation_id, **_WISH}):
            if "token" in event:
                heard.tokens.append(time.perf_counter())
                if not pieces:
                    heard.first_tokens.append(heard.tokens[-1] - asked)
                pieces += 1
            elif "done" in event:
                heard.prompt_lengths.append(event["done"]["promptTokens"])
                heard.lengths.append(event["done"]["completionTokens"])
                heard.events_of_whole += pieces
            elif event.get("error", {}).get("reason", "EMPTY_DRAFT") != "EMPTY_DRAFT":
                raise RuntimeError(event["error"]["message"])


async def _events(client: httpx.AsyncClient, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    async with client.stream("POST", "/api/responses/stream", json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data:"):
                yield json.loads(line[5:])


def packaged_model() -> Path:
    """The model file that comes with the product."""
    files = ModelFiles(load_manifest(), DEFAULT_CACHE)
    return files.find(files.manifest.get(_PACKAGED))


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--password", default=os.environ.get("ASSISTANT_OWNER_PASSWORD", ""))
    parser.add_argument("--model", type=Path, default=None, help="the GGUF file that the product has loaded")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    given = parser.parse_args()
    model = given.model or packaged_model()
    rows = run(given.url, given.password, model, given.streams, given.seconds, given.rounds, given.threads)
    print_table("Streaming drafts", rows)


if __name__ == "__main__":
    main()
