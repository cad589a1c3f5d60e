"""WorkerService: unpack, ask the engine, pack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
from assistant.inference.v1 import worker_pb2, worker_pb2_grpc

from llama_worker.api.adapter_file import adapter_file_of
from llama_worker.api.mapping import STATES, parts_of, prefill_request_of, request_of, response_of
from llama_worker.engine.adapters import Adapter, AdapterUnusable
from llama_worker.engine.engine import Engine
from llama_worker.engine.events import Finished, FinishReason
from llama_worker.engine.host import HostState, LoadedEngine, ModelHost
from svc_kit.errors import DeadlineExceeded, FailedPrecondition, Unavailable

Context = grpc.aio.ServicerContext[Any, Any]

# Seconds before the caller's deadline at which the engine stops, so that the end still reaches the caller.
_ANSWER_MARGIN_S = 0.3
# A prefill leaves out the last token, so a shorter prompt has nothing to prefill.
_LEAST_PREFILL = 2


class WorkerServicer(worker_pb2_grpc.WorkerServiceServicer):
    """The RPCs of worker.proto, for other services only. Errors of the engine pass through as DomainErrors."""

    def __init__(self, host: ModelHost, sequences: int, queue_limit: int) -> None:
        self._host = host
        self._sequences = sequences
        self._queue_limit = queue_limit

    async def Generate(
        self, request: worker_pb2.GenerateRequest, context: Context
    ) -> AsyncIterator[worker_pb2.GenerateResponse]:
        """Stream a generation. Tokenizing and grammar checks run in other threads than the event loop's."""
        deadline = _deadline(context)
        loaded = self._host.loaded_engine()
        vocabulary, options = loaded.model.vocabulary, request.sampling
        prompt = await asyncio.to_thread(vocabulary.prompt, parts_of(request))
        grammar = ""
        if options.grammar or options.json_schema:
            grammar = await asyncio.to_thread(vocabulary.grammar, options.grammar, options.json_schema)
        adapter = _adapter(loaded, request.adapter_id)
        async with loaded.engine.submit(request_of(request, prompt, deadline, adapter, grammar)) as events:
            async for event in events:
                yield response_of(event)

    async def CountTokens(
        self, request: worker_pb2.CountTokensRequest, context: Context
    ) -> worker_pb2.CountTokensResponse:
        """Count the tokens of texts, special tokens off."""
        loaded = self._host.loaded_engine()
        counts = await asyncio.to_thread(loaded.model.vocabulary.count, request.texts)
        return worker_pb2.CountTokensResponse(counts=counts, context_size=loaded.engine.limits.context_size)

    async def Prefill(self, request: worker_pb2.PrefillRequest, context: Context) -> worker_pb2.PrefillResponse:
        """Prefill a prompt. Raises Unavailable, Overloaded, and DeadlineExceeded when it was not its turn in time."""
        deadline = _deadline(context)
        loaded = self._host.loaded_engine()
        prompt = await asyncio.to_thread(loaded.model.vocabulary.prompt, parts_of(request))
        adapter = _adapter(loaded, request.adapter_id)
        if len(prompt) < _LEAST_PREFILL:
            return worker_pb2.PrefillResponse(prompt_tokens=len(prompt))
        async with loaded.engine.submit(prefill_request_of(request, prompt, deadline, adapter)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return _prefilled(event)
        raise Unavailable("the model ended before the prompt was prefilled")

    async def Forget(self, request: worker_pb2.ForgetRequest, context: Context) -> worker_pb2.ForgetResponse:
        """Forget conversations of an account, whether a model is loaded or not."""
        count = await self._host.forget(request.account_id, request.cache_keys)
        return worker_pb2.ForgetResponse(sequence_count=count)

    async def LoadAdapter(
        self, request: worker_pb2.LoadAdapterRequest, context: Context
    ) -> worker_pb2.LoadAdapterResponse:
        """Load an adapter. Raises InvalidInput for its file, FailedPrecondition ADAPTER_UNUSABLE, Unavailable."""
        file = await asyncio.to_thread(adapter_file_of, request)
        try:
            await self._host.load_adapter(file)
        except AdapterUnusable as error:
            raise FailedPrecondition("ADAPTER_UNUSABLE", str(error)) from error
        return worker_pb2.LoadAdapterResponse()

    async def UnloadAdapter(
        self, request: worker_pb2.UnloadAdapterRequest, context: Context
    ) -> worker_pb2.UnloadAdapterResponse:
        """Unload an adapter. Raises NotFound and Unavailable."""
        self._host.unload_adapter(request.adapter_id)
        return worker_pb2.UnloadAdapterResponse()

    async def Status(self, request: worker_pb2.StatusRequest, context: Context) -> worker_pb2.StatusResponse:
        """The state of model and engine, also while the model loads or could not be loaded."""
        host = self._host
        response = worker_pb2.StatusResponse(
            state=STATES[host.state],
            message=host.message,
            model_id=host.source.id,
            display_name=host.source.display_name,
            prompt_style=host.source.prompt_style,
            load_progress=1.0 if host.state is HostState.READY else host.load_progress,
            max_sequences=self._sequences,
            queue_limit=self._queue_limit,
        )
        try:
            loaded = host.loaded_engine()
        except Unavailable:
            return response
        _add_load(response, loaded.engine)
        response.model_sha256 = loaded.model.sha256
        response.chat_template = loaded.model.chat_template
        response.bos_token = loaded.model.vocabulary.bos_text
        response.eos_token = loaded.model.vocabulary.eos_text
        return response


def _prefilled(event: Finished) -> worker_pb2.PrefillResponse:
    if event.reason is FinishReason.DEADLINE:
        raise DeadlineExceeded("the prompt was not prefilled in time")
    return worker_pb2.PrefillResponse(prompt_tokens=event.prompt_tokens, cached_tokens=event.cached_tokens)


def _adapter(loaded: LoadedEngine, adapter_id: str) -> Adapter | None:
    """The adapter. Look it up right before the work is queued: from then on it stays loaded until the work is over."""
    return loaded.engine.adapter(adapter_id) if adapter_id else None


def _add_load(response: worker_pb2.StatusResponse, engine: Engine) -> None:
    response.adapter_ids.extend(engine.adapter_ids)
    response.context_size = engine.limits.context_size
    response.running = engine.running
    response.queued = engine.queued
    response.queue_eta_seconds = engine.queue_eta
    response.decode_steps = engine.steps


def _deadline(context: Context) -> float | None:
    """The caller's deadline on the engine's clock."""
    remaining = cast("float | None", context.time_remaining())
    return None if remaining is None else time.monotonic() + remaining - _ANSWER_MARGIN_S
