"""The worker's RPCs on a real server with the real model, and with model files that are none."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from assistant.inference.v1 import sampling_pb2, worker_pb2, worker_pb2_grpc
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from llama_worker.engine.host import HostOptions
from llama_worker.settings import WorkerSettings
from llama_worker.wiring import SERVICE, build
from svc_kit.clients import channel_to
from svc_kit.server import RunningServer, running
from svc_kit.settings import from_mapping
from svc_kit.tokens import mint_internal
from tests.integration.llama_worker.made_adapter import write_adapter

KEY = "a key for the length of these tests only"
CHAT = ("<|im_start|>user\n", "What is the capital of France?", "<|im_end|>\n<|im_start|>assistant\n")


class Caller:
    """Calls one worker as a service does."""

    def __init__(self, channel: grpc.aio.Channel, server: RunningServer) -> None:
        self.stub: Any = worker_pb2_grpc.WorkerServiceStub(channel)
        self.server = server
        self._health: Any = health_pb2_grpc.HealthStub(channel)

    @property
    def as_service(self) -> dict[str, Any]:
        return {"metadata": [("authorization", f"Bearer {mint_internal(KEY, 'tests', None)}")], "timeout": 120}

    async def status(self) -> worker_pb2.StatusResponse:
        response: worker_pb2.StatusResponse = await self.stub.Status(worker_pb2.StatusRequest(), **self.as_service)
        return response

    async def is_serving(self) -> bool:
        response = await self._health.Check(health_pb2.HealthCheckRequest(service=SERVICE))
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)

    async def reaches(self, state: sampling_pb2.ModelState.ValueType) -> worker_pb2.StatusResponse:
        """Wait until the model is in this state, and the health says so too."""
        async with asyncio.timeout(60):
            while (status := await self.status()).state != state:
                await asyncio.sleep(0.02)
            await self.server.probe_once()
            return status

    def generate(self, *texts: str, **fields: Any) -> Any:
        parts = [worker_pb2.PromptPart(text=text, special=text.startswith("<|")) for text in texts]
        return self.stub.Generate(worker_pb2.GenerateRequest(prompt=parts, **fields), **self.as_service)


@asynccontextmanager
async def worker(cache: Path, **settings: Any) -> AsyncIterator[Caller]:
    values = {"internal_key": KEY, "listen": "127.0.0.1:0", "context_size": 512, "model_cache": cache} | settings
    service = build(from_mapping(WorkerSettings, **values), HostOptions(watch_seconds=0.02))
    async with running(service) as server:
        channel = channel_to(f"127.0.0.1:{server.port}")
        async with channel:
            yield Caller(channel, server)


@pytest.fixture(scope="module")
async def caller(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Caller]:
    async with worker(tmp_path_factory.mktemp("models"), model_id="smollm2-135m-instruct") as caller:
        await caller.reaches(sampling_pb2.MODEL_STATE_READY)
        yield caller


async def failure(call: Any) -> grpc.aio.AioRpcError:
    """The error that a call ends with, be it of a stream or not."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await _exhaust(call)
    return raised.value


async def _exhaust(call: Any) -> None:
    if not hasattr(call, "read"):
        await call
        return
    async for _ in call:
        pass


def detail(error: grpc.aio.AioRpcError, kind: Any) -> Any:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    message = kind()
    assert any(entry.Unpack(message) for entry in status.details)
    return message


async def test_a_generation_streams_from_prefill_to_done(caller: Caller):
    events = [event async for event in caller.generate(*CHAT, sampling=sampling_pb2.SamplingOptions(temperature=0))]

    kinds = [event.WhichOneof("event") for event in events]
    assert kinds[:3] == ["progress", "progress", "token"]
    assert kinds[-1] == "done"
    assert "Paris" in "".join(event.token.text for event in events)
    done = events[-1].done
    assert done.finish_reason == sampling_pb2.FINISH_REASON_STOP
    assert done.last
    assert done.mean_logprob < 0
    assert done.prompt_tokens > 10
    assert done.completion_tokens == kinds.count("token")


async def test_status_says_what_is_loaded(caller: Caller):
    status = await caller.status()

    assert (status.model_id, status.display_name) == ("smollm2-135m-instruct", "SmolLM2 135M Instruct")
    assert (status.context_size, status.max_sequences, status.queue_limit) == (512, 8, 512)
    assert len(status.model_sha256) == 64
    assert status.prompt_style == "transcript"
    assert "im_start" in status.chat_template
    assert (status.bos_token, status.eos_token) == ("<|im_start|>", "<|im_end|>")
    assert (status.running, status.queued) == (0, 0)
    assert await caller.is_serving()


async def test_tokens_are_counted_without_a_step(caller: Caller):
    before = (await caller.status()).decode_steps

    request = worker_pb2.CountTokensRequest(texts=["hello", "", "hello there"])
    response = await caller.stub.CountTokens(request, **caller.as_service)

    assert list(response.counts) == [1, 0, 2]
    assert response.context_size == 512
    assert (await caller.status()).decode_steps == before


async def test_a_hang_up_brings_the_model_to_rest(caller: Caller):
    call = caller.generate("Once upon a time", sampling=sampling_pb2.SamplingOptions(max_tokens=400))
    async for event in call:
        if event.WhichOneof("event") == "token":
            break
    call.cancel()

    async with asyncio.timeout(30):
        while (await caller.status()).running:
            await asyncio.sleep(0.02)
    steps = (await caller.status()).decode_steps
    assert (await caller.status()).decode_steps == steps


async def test_the_deadline_gives_the_tokens_until_then(caller: Caller):
    request = worker_pb2.GenerateRequest(
        prompt=[worker_pb2.PromptPart(text="Once upon a time")],
        sampling=sampling_pb2.SamplingOptions(max_tokens=450, temperature=2, top_k=1000, top_p=1, min_p=0, seed=1),
    )
    events = [event async for event in caller.stub.Generate(request, **caller.as_service | {"timeout": 2})]

    assert events[-1].done.finish_reason == sampling_pb2.FINISH_REASON_DEADLINE


async def test_a_prompt_too_long_is_refused_by_field(caller: Caller):
    error = await failure(caller.generate("word " * 600))

    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    violation = detail(error, error_details_pb2.BadRequest).field_violations[0]
    assert violation.field == "prompt"
    assert "512" in violation.description


async def test_deterministic_needs_a_seed(caller: Caller):
    error = await failure(caller.generate("Hi", sampling=sampling_pb2.SamplingOptions(deterministic=True)))

    assert detail(error, error_details_pb2.BadRequest).field_violations[0].field == "sampling.deterministic"


async def test_an_adapter_that_is_not_loaded_is_not_found(caller: Caller):
    assert (await failure(caller.generate("Hi", adapter_id="none"))).code() == grpc.StatusCode.NOT_FOUND


@pytest.fixture(scope="module")
def adapter_path(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(tmp_path_factory.mktemp("adapters") / "ana.gguf", model_path)


def load_request(file: Path, /, **fields: Any) -> worker_pb2.LoadAdapterRequest:
    usual = {"adapter_id": "ana", "path": str(file), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    return worker_pb2.LoadAdapterRequest(**(usual | fields))


async def test_an_adapter_is_loaded_used_and_unloaded(caller: Caller, adapter_path: Path):
    async def said(**fields: Any) -> str:
        sampling = sampling_pb2.SamplingOptions(temperature=0, max_tokens=12)
        events = [event async for event in caller.generate("Once upon a time", sampling=sampling, **fields)]
        return "".join(event.token.text for event in events)

    base = await said()
    await caller.stub.LoadAdapter(load_request(adapter_path), **caller.as_service)
    assert list((await caller.status()).adapter_ids) == ["ana"]
    changed = await said(adapter_id="ana")
    beside = await said()
    await caller.stub.UnloadAdapter(worker_pb2.UnloadAdapterRequest(adapter_id="ana"), **caller.as_service)

    assert base == beside != changed
    assert list((await caller.status()).adapter_ids) == []
    assert (await failure(caller.generate("Hi", adapter_id="ana"))).code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"path": "/nowhere/a.gguf"}, "path"),
        ({"path": "/nowhere/\0.gguf"}, "path"),
        ({"path": "a.gguf"}, "path"),
        ({"sha256": "0" * 64}, "sha256"),
    ],
)
async def test_an_adapters_file_must_be_the_one_that_is_meant(
    caller: Caller, adapter_path: Path, fields: dict[str, str], field: str
):
    error = await failure(caller.stub.LoadAdapter(load_request(adapter_path, **fields), **caller.as_service))

    assert detail(error, error_details_pb2.BadRequest).field_violations[0].field == field


async def test_an_adapter_for_another_model_is_refused(caller: Caller, model_path: Path, tmp_path: Path):
    other = write_adapter(tmp_path / "other.gguf", model_path, base_sha256="b" * 64)

    error = await failure(caller.stub.LoadAdapter(load_request(other), **caller.as_service))

    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert detail(error, error_details_pb2.ErrorInfo).reason == "ADAPTER_UNUSABLE"


async def test_an_adapter_that_is_not_loaded_cannot_be_unloaded(caller: Caller):
    request = worker_pb2.UnloadAdapterRequest(adapter_id="none")

    assert (await failure(caller.stub.UnloadAdapter(request, **caller.as_service))).code() == grpc.StatusCode.NOT_FOUND


async def test_a_prompt_that_was_prefilled_is_in_the_cache(caller: Caller):
    parts = [worker_pb2.PromptPart(text="Them: Are you coming?\nMe: Yes.\nThem: When?\nMe:")]
    conversation = {"cache_key": "c-1", "account_id": "a-1"}

    first = await caller.stub.Prefill(worker_pb2.PrefillRequest(prompt=parts, **conversation), **caller.as_service)
    again = await caller.stub.Prefill(worker_pb2.PrefillRequest(prompt=parts, **conversation), **caller.as_service)
    events = [event async for event in caller.generate(parts[0].text, **conversation)]

    assert first.cached_tokens == 0
    assert again.cached_tokens == events[-1].done.cached_tokens == first.prompt_tokens - 1
    assert first.prompt_tokens == events[-1].done.prompt_tokens


async def test_a_forgotten_conversation_is_prefilled_anew(caller: Caller):
    conversation = {"cache_key": "c-forget", "account_id": "0197f1d2-0000-7000-8000-000000000001"}
    request = worker_pb2.ForgetRequest(account_id=conversation["account_id"], cache_keys=[conversation["cache_key"]])

    async def cached_tokens() -> int:
        events = [event async for event in caller.generate(*CHAT, **conversation)]
        return int(events[-1].done.cached_tokens)

    assert await cached_tokens() == 0
    assert await cached_tokens() > 0

    forgotten = await caller.stub.Forget(request, **caller.as_service)

    assert forgotten.sequence_count == 1
    assert (await caller.stub.Forget(request, **caller.as_service)).sequence_count == 0
    assert await cached_tokens() == 0


@pytest.mark.parametrize(
    "fields", [{"adapter_id": "none"}, {"cache_key": ""}, {"prompt": []}], ids=["adapter", "key", "prompt"]
)
async def test_a_prefill_that_cannot_run_is_refused(caller: Caller, fields: dict[str, Any]):
    usual = {"prompt": [worker_pb2.PromptPart(text="Hi")], "cache_key": "c"}

    error = await failure(caller.stub.Prefill(worker_pb2.PrefillRequest(**(usual | fields)), **caller.as_service))

    assert error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


async def test_a_text_may_have_to_have_a_form(caller: Caller):
    sampling = sampling_pb2.SamplingOptions(grammar='root ::= "Yes." | "No."', seed=1)
    events = [event async for event in caller.generate("Are you coming?", sampling=sampling)]

    assert "".join(event.token.text for event in events) in ("Yes.", "No.")
    error = await failure(caller.generate("Hi", sampling=sampling_pb2.SamplingOptions(json_schema="{")))
    assert detail(error, error_details_pb2.BadRequest).field_violations[0].field == "sampling.json_schema"


async def test_only_services_may_call(caller: Caller):
    error = await failure(caller.stub.Status(worker_pb2.StatusRequest(), timeout=10))

    assert error.code() == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        (b"", "is not a GGUF file"),
        (b"PK\x03\x04 something else", "is not a GGUF file"),
        (b"GGUF\x63\x00\x00\x00", "has GGUF version 99"),
        (b"GGUF\x03\x00\x00\x00 no more than a beginning", "cannot be loaded"),
    ],
)
async def test_a_file_that_is_no_model_leaves_the_process_up(tmp_path: Path, content: bytes | None, said: str):
    file = tmp_path / "mine.gguf"
    if content is not None:
        file.write_bytes(content)
    async with worker(tmp_path, model_path=str(file)) as caller:
        status = await caller.reaches(sampling_pb2.MODEL_STATE_FAILED)

        assert said in status.message
        assert "\n" not in status.message
        assert status.model_id == "mine.gguf"
        assert not await caller.is_serving()
        error = await failure(caller.generate("Hi"))
        assert error.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_truncated_model_is_loaded_once_the_whole_one_is_there(tmp_path: Path, model_path: Path):
    file = tmp_path / "mine.gguf"
    with model_path.open("rb") as whole:
        file.write_bytes(whole.read(20_000_000))
    async with worker(tmp_path, model_path=str(file)) as caller:
        status = await caller.reaches(sampling_pb2.MODEL_STATE_FAILED)
        assert "truncated" in status.message

        copy = tmp_path / "copy"
        shutil.copy(model_path, copy)
        copy.replace(file)

        await caller.reaches(sampling_pb2.MODEL_STATE_READY)
        assert await caller.is_serving()


async def test_an_unknown_model_lists_the_known_ones(tmp_path: Path):
    async with worker(tmp_path, model_id="gpt") as caller:
        status = await caller.reaches(sampling_pb2.MODEL_STATE_FAILED)

    assert "smollm2-135m-instruct" in status.message


async def test_a_model_that_is_not_here_says_what_to_do(tmp_path: Path):
    async with worker(tmp_path) as caller:
        status = await caller.reaches(sampling_pb2.MODEL_STATE_FAILED)

    assert status.model_id == "ministral-3b-instruct"
    assert "ML_SERVICE_MODEL_ID=smollm2-135m-instruct" in status.message
