"""Workers as processes that a test may kill, with a model of random weights that is slow enough to be killed at work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx
from prometheus_client.parser import text_string_to_metric_families

from stack.checkout import GENERATED, ROOT
from stack.ports import free_port
from svc_kit.redis_client import redis_from_url
from svc_kit.worker_entry import WORKERS, WorkerEntry, entry_key, entry_of
from tests.contract.inference_svc.product import NOBODY
from tests.contract.inference_svc.scripted import INTERNAL_KEY
from tests.random_model import Shape, write_model

# Reading and writing what the tests ask of it takes it long enough to be killed meanwhile; a token is a byte.
SLOW = Shape(layers=8, width=512, feed_forward=1024)


@dataclass
class WorkerProcess:
    """A worker; `address` is its id, too."""

    address: str
    metrics_port: int
    process: asyncio.subprocess.Process

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def counted(self, name: str) -> float:
        """One of its metrics."""
        async with httpx.AsyncClient(trust_env=False) as client:
            shown = (await client.get(f"http://127.0.0.1:{self.metrics_port}/metrics")).text
        samples = [sample for family in text_string_to_metric_families(shown) for sample in family.samples]
        return next(sample.value for sample in samples if sample.name == f"assistant_worker_{name}")


def slow_model(directory: Path) -> Path:
    return write_model(directory / "slow.gguf", SLOW)


@asynccontextmanager
async def worker_process(
    model: Path, redis_url: str, address: str = "", **settings: str
) -> AsyncIterator[WorkerProcess]:
    """A worker that registers; it is killed at the end if the test did not do it."""
    address, metrics_port = address or f"127.0.0.1:{free_port()}", free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "llama_worker",
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{GENERATED}",
            "ASSISTANT_INTERNAL_KEY": INTERNAL_KEY,
            "DEVICE_SVC_ADDRESS": NOBODY,
            "WORKER_LISTEN": address,
            "WORKER_METRICS_PORT": str(metrics_port),
            "REDIS_URL": redis_url,
            "ML_SERVICE_MODEL_PATH": str(model),
            "ML_SERVICE_GPU_LAYERS": "0",
            "ML_SERVICE_THREADS": "1",
            **settings,
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield WorkerProcess(address, metrics_port, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def entry(redis_url: str, address: str) -> WorkerEntry | None:
    """What a worker says of itself."""
    async with redis_from_url(redis_url) as client:
        return entry_of(cast("bytes | None", await client.get(entry_key(address))))


async def lives_for(redis_url: str, address: str) -> int:
    """Milliseconds until its entry runs out."""
    async with redis_from_url(redis_url) as client:
        return int(await client.pttl(entry_key(address)))


async def known_ids(redis_url: str) -> set[str]:
    async with redis_from_url(redis_url) as client:
        return {address.decode() for address in cast("list[bytes]", await client.zrange(WORKERS, 0, -1))}


async def empty(redis_url: str) -> None:
    async with redis_from_url(redis_url) as client:
        await client.flushdb()
