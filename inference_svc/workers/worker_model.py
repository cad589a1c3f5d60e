"""domain.Model by the worker process."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

import grpc
from assistant.inference.v1 import sampling_pb2, worker_pb2, worker_pb2_grpc

from inference_svc.drafting.domain.adapter import Adapter
from inference_svc.drafting.domain.draft import Finish
from inference_svc.drafting.domain.draft_request import Sampling
from inference_svc.drafting.domain.events import Finished, ModelEvent, Phase, Piece, Progress
from inference_svc.drafting.domain.model import GenerateRequest, ModelStatus
from prompting.chat_template import ChatTemplate
from svc_kit.clients import CALL_TIMEOUT_S, InternalCaller
from svc_kit.errors import FailedPrecondition, InvalidInput
from svc_kit.model_state import ModelState
from svc_kit.peer_errors import peer_errors

_PART = "the worker"

_STATES = {
    sampling_pb2.MODEL_STATE_NOT_INSTALLED: ModelState.NOT_INSTALLED,
    sampling_pb2.MODEL_STATE_INSTALLED: ModelState.INSTALLED,
    sampling_pb2.MODEL_STATE_LOADING: ModelState.LOADING,
    sampling_pb2.MODEL_STATE_READY: ModelState.READY,
    sampling_pb2.MODEL_STATE_FAILED: ModelState.FAILED,
}
_PHASES = {
    worker_pb2.GENERATION_STATE_QUEUED: Phase.QUEUED,
    worker_pb2.GENERATION_STATE_READING: Phase.READING,
    worker_pb2.GENERATION_STATE_WRITING: Phase.WRITING,
}
_FINISHES = {
    sampling_pb2.FINISH_REASON_STOP: Finish.STOP,
    sampling_pb2.FINISH_REASON_LENGTH: Finish.LENGTH,
    sampling_pb2.FINISH_REASON_CANCELLED: Finish.CANCELLED,
    sampling_pb2.FINISH_REASON_DEADLINE: Finish.DEADLINE,
}


class WorkerModel:
    """The model behind a channel to the worker."""

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller) -> None:
        self._stub: worker_pb2_grpc.WorkerServiceAsyncStub = worker_pb2_grpc.WorkerServiceStub(channel)
        self._caller = caller

    async def status(self, seconds: float) -> ModelStatus:
        """How the model is."""
        with peer_errors(_PART):
            answer = await self._stub.Status(
                worker_pb2.StatusRequest(), timeout=seconds, metadata=self._caller.metadata()
            )
        return _status(answer)

    async def count_tokens(self, texts: Sequence[str], seconds: float) -> Sequence[int]:
        """Tokens of each text."""
        request = worker_pb2.CountTokensRequest(texts=texts)
        with peer_errors(_PART):
            answer = await self._stub.CountTokens(request, timeout=seconds, metadata=self._caller.metadata())
        return list(answer.counts)

    async def generate(self, order: GenerateRequest) -> AsyncGenerator[ModelEvent, None]:
        """Continue a prompt. Closing the generator cancels the call, and so the worker's work."""
        deadline = time.monotonic() + order.timeout
        may_load = True
        with peer_errors(_PART):
            while True:
                call = self._stub.Generate(
                    _request(order), timeout=_seconds_left(deadline), metadata=self._caller.metadata(order.account_id)
                )
                try:
                    async for answer in call:
                        yield _event(answer)
                    return
                except grpc.aio.AioRpcError as error:
                    if not may_load:
                        raise
                    await self._load_missing_adapter(error, order.adapter, deadline)
                    may_load = False
                finally:
                    # Without this the worker goes on for a reader that is gone, until the call is collected.
                    call.cancel()

    async def read_ahead(self, order: GenerateRequest) -> None:
        """Read a prompt into the worker's cache."""
        deadline = time.monotonic() + order.timeout
        with peer_errors(_PART):
            try:
                await self._prefill(order, deadline)
            except grpc.aio.AioRpcError as error:
                await self._load_missing_adapter(error, order.adapter, deadline)
                await self._prefill(order, deadline)

    async def forget(self, account_id: UUID, conversation_ids: Sequence[UUID]) -> None:
        """Let the worker forget what it read of conversations, at most 1,000. Raises Unavailable, or AioRpcError UNIMPLEMENTED."""
        request = worker_pb2.ForgetRequest(
            account_id=str(account_id), cache_keys=[str(each) for each in conversation_ids]
        )
        with peer_errors(_PART):
            await self._stub.Forget(request, timeout=CALL_TIMEOUT_S, metadata=self._caller.metadata(account_id))

    async def _prefill(self, order: GenerateRequest, deadline: float) -> None:
        request = worker_pb2.PrefillRequest(
            prompt=_parts(order),
            cache_key=str(order.conversation_id),
            adapter_id=_adapter_id(order),
            account_id=str(order.account_id),
        )
        await self._stub.Prefill(
            request, timeout=_seconds_left(deadline), metadata=self._caller.metadata(order.account_id)
        )

    async def _load_missing_adapter(
        self, error: grpc.aio.AioRpcError, adapter: Adapter | None, deadline: float
    ) -> None:
        """Load the adapter if that is what the call failed for: a worker begins without any, and before anything is said."""
        if adapter is None or error.code() is not grpc.StatusCode.NOT_FOUND:
            raise error
        request = worker_pb2.LoadAdapterRequest(
            adapter_id=adapter.version, path=adapter.path, sha256=adapter.sha256, scale=adapter.scale
        )
        try:
            with peer_errors(_PART):
                await self._stub.LoadAdapter(request, timeout=_seconds_left(deadline), metadata=self._caller.metadata())
        except (FailedPrecondition, InvalidInput) as refusal:
            raise FailedPrecondition(
                "VOICE_UNUSABLE", f"the adapter cannot be used ({refusal.message}); choose another one, or none"
            ) from refusal


def _seconds_left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _adapter_id(order: GenerateRequest) -> str:
    return order.adapter.version if order.adapter else ""


def _status(answer: worker_pb2.StatusResponse) -> ModelStatus:
    chat = ChatTemplate(answer.chat_template, answer.bos_token, answer.eos_token)
    return ModelStatus(
        state=_STATES.get(answer.state, ModelState.UNKNOWN),
        message=answer.message,
        model_id=answer.model_id,
        display_name=answer.display_name,
        sha256=answer.model_sha256,
        load_progress=answer.load_progress,
        context_size=answer.context_size,
        running=answer.running,
        queued=answer.queued,
        queue_eta_seconds=answer.queue_eta_seconds,
        sequences=answer.max_sequences,
        queue_limit=answer.queue_limit,
        # A chat model without a template of its own can still read a transcript.
        chat=chat if answer.prompt_style == "chat" and answer.chat_template else None,
    )


def _request(order: GenerateRequest) -> worker_pb2.GenerateRequest:
    return worker_pb2.GenerateRequest(
        prompt=_parts(order),
        sampling=_sampling(order.sampling),
        stops=order.prompt.stops,
        suggestions=order.suggestions,
        cache_key=str(order.conversation_id),
        adapter_id=_adapter_id(order),
        account_id=str(order.account_id),
    )


def _parts(order: GenerateRequest) -> list[worker_pb2.PromptPart]:
    return [worker_pb2.PromptPart(text=part.text, special=part.special) for part in order.prompt.parts]


def _sampling(sampling: Sampling) -> sampling_pb2.SamplingOptions:
    return sampling_pb2.SamplingOptions(
        temperature=sampling.temperature,
        top_k=sampling.top_k,
        top_p=sampling.top_p,
        min_p=sampling.min_p,
        repeat_penalty=sampling.repeat_penalty,
        seed=sampling.seed,
        max_tokens=sampling.max_tokens,
        deterministic=sampling.deterministic,
        grammar=sampling.grammar,
        json_schema=sampling.json_schema,
    )


def _event(answer: worker_pb2.GenerateResponse) -> ModelEvent:
    match answer.WhichOneof("event"):
        case "token":
            return Piece(answer.token.suggestion, answer.token.text)
        case "done":
            done = answer.done
            return Finished(
                suggestion=done.suggestion,
                finish=_FINISHES.get(done.finish_reason, Finish.NONE),
                mean_logprob=done.mean_logprob,
                prompt_tokens=done.prompt_tokens,
                completion_tokens=done.completion_tokens,
                first_token_seconds=done.first_token_seconds,
                last=done.last,
            )
        case _:
            progress = answer.progress
            return Progress(_PHASES.get(progress.state, Phase.QUEUED), progress.queue_position, progress.eta_seconds)
