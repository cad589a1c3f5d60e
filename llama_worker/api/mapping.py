"""Maps the contract's messages to the engine's dataclasses and back."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.inference.v1 import sampling_pb2, worker_pb2

from llama_worker.engine.adapters import Adapter
from llama_worker.engine.events import Event, Finished, FinishReason, Phase, Piece, Progress
from llama_worker.engine.host import HostState
from llama_worker.engine.request import GenerationRequest, Sampling
from prompting.prompt_part import PromptPart

DEFAULT_MAX_TOKENS = 128

STATES = {
    HostState.LOADING: sampling_pb2.MODEL_STATE_LOADING,
    HostState.READY: sampling_pb2.MODEL_STATE_READY,
    HostState.FAILED: sampling_pb2.MODEL_STATE_FAILED,
}
_PHASES = {
    Phase.QUEUED: worker_pb2.GENERATION_STATE_QUEUED,
    Phase.PREFILL: worker_pb2.GENERATION_STATE_READING,
    Phase.DECODE: worker_pb2.GENERATION_STATE_WRITING,
}
_REASONS = {
    FinishReason.STOP: sampling_pb2.FINISH_REASON_STOP,
    FinishReason.LENGTH: sampling_pb2.FINISH_REASON_LENGTH,
    FinishReason.CANCELLED: sampling_pb2.FINISH_REASON_CANCELLED,
    FinishReason.DEADLINE: sampling_pb2.FINISH_REASON_DEADLINE,
}


def parts_of(request: worker_pb2.GenerateRequest | worker_pb2.PrefillRequest) -> list[PromptPart]:
    """The prompt's pieces."""
    return [PromptPart(part.text, part.special) for part in request.prompt]


def request_of(
    request: worker_pb2.GenerateRequest,
    prompt: Sequence[int],
    deadline: float | None,
    adapter: Adapter | None = None,
    grammar: str = "",
) -> GenerationRequest:
    """The engine's request for a tokenized prompt."""
    options = request.sampling
    return GenerationRequest(
        prompt=prompt,
        max_tokens=options.max_tokens if options.HasField("max_tokens") else DEFAULT_MAX_TOKENS,
        suggestions=request.suggestions or 1,
        stops=tuple(request.stops),
        sampling=_sampling(options, grammar),
        deterministic=options.deterministic,
        cache_key=request.cache_key,
        adapter=adapter,
        account_id=request.account_id,
        deadline=deadline,
    )


def prefill_request_of(
    request: worker_pb2.PrefillRequest, prompt: Sequence[int], deadline: float | None, adapter: Adapter | None = None
) -> GenerationRequest:
    """The engine's request to prefill a tokenized prompt."""
    return GenerationRequest(
        prompt=prompt,
        prefill_only=True,
        cache_key=request.cache_key,
        adapter=adapter,
        account_id=request.account_id,
        deadline=deadline,
    )


def _sampling(options: sampling_pb2.SamplingOptions, grammar: str) -> Sampling:
    default = Sampling()
    return Sampling(
        temperature=options.temperature if options.HasField("temperature") else default.temperature,
        top_k=options.top_k if options.HasField("top_k") else default.top_k,
        top_p=options.top_p if options.HasField("top_p") else default.top_p,
        min_p=options.min_p if options.HasField("min_p") else default.min_p,
        repeat_penalty=options.repeat_penalty if options.HasField("repeat_penalty") else default.repeat_penalty,
        seed=options.seed if options.HasField("seed") else None,
        grammar=grammar,
    )


def response_of(event: Event) -> worker_pb2.GenerateResponse:
    """The message for an event. Failed has none: the stream raises it."""
    if isinstance(event, Piece):
        return worker_pb2.GenerateResponse(
            token=worker_pb2.GeneratedToken(suggestion=event.suggestion, text=event.text)
        )
    if isinstance(event, Progress):
        return worker_pb2.GenerateResponse(progress=_progress(event))
    assert isinstance(event, Finished)
    return worker_pb2.GenerateResponse(done=_done(event))


def _progress(event: Progress) -> worker_pb2.GenerationProgress:
    return worker_pb2.GenerationProgress(
        state=_PHASES[event.phase],
        queue_position=event.position,
        eta_seconds=event.eta_seconds,
        prompt_tokens=0 if event.phase is Phase.QUEUED else event.prompt_tokens,
    )


def _done(event: Finished) -> worker_pb2.GenerationDone:
    return worker_pb2.GenerationDone(
        suggestion=event.suggestion,
        finish_reason=_REASONS[event.reason],
        mean_logprob=event.mean_logprob,
        prompt_tokens=event.prompt_tokens,
        completion_tokens=event.completion_tokens,
        cached_tokens=event.cached_tokens,
        queue_seconds=event.queue_seconds,
        first_token_seconds=event.first_token_seconds,
        last=event.last,
    )
