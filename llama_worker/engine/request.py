"""A request to the engine, and the checks that need no model."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from llama_worker.engine.adapters import Adapter
from svc_kit.errors import InvalidInput

MAX_SUGGESTIONS = 4


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen; temperature 0 is greedy and ignores the rest but the penalty."""

    temperature: float = 0.7
    top_k: int = 40
    top_p: float = 0.9
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    # 0 is a seed like any other; None draws one.
    seed: int | None = None
    # A GBNF grammar that the text obeys; empty is none.
    grammar: str = ""

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is always taken."""
        return self.temperature <= 0


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A tokenized prompt to continue."""

    prompt: Sequence[int]
    max_tokens: int = 128
    suggestions: int = 1
    stops: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    # Decode alone with fixed shapes, so that the same request gives the same text.
    deterministic: bool = False
    # Only prefill the prompt, all but its last token, so that a later request with its cache key needs one step to its first.
    prefill_only: bool = False
    # The conversation: requests of one account, cache key and adapter share a common prefix in the KV cache.
    cache_key: str = ""
    # None is the base model alone.
    adapter: Adapter | None = None
    # The queue is fair between accounts.
    account_id: str = ""
    # Seconds on the engine's clock; None leaves only EngineOptions.longest_seconds.
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a backend has room for, in tokens unless said otherwise."""

    sequences: int
    context_size: int
    # All sequences together; a prompt that suggestions share counts once.
    pool_size: int
    batch_size: int


def check(request: GenerationRequest, limits: Limits) -> None:
    """Raise InvalidInput for a request that could never run, naming the field and its limit."""
    if not request.prompt:
        raise InvalidInput("prompt", "the prompt has no tokens")
    if request.max_tokens < 1:
        raise InvalidInput("sampling.max_tokens", "must be at least 1")
    most = 1 if request.prefill_only else min(MAX_SUGGESTIONS, limits.sequences)
    if not 1 <= request.suggestions <= most:
        raise InvalidInput("suggestions", f"must be 1 to {most}")
    if request.deterministic and not request.sampling.greedy and request.sampling.seed is None:
        raise InvalidInput("sampling.deterministic", "needs a seed or temperature 0")
    _check_room(request, limits)


def _check_room(request: GenerationRequest, limits: Limits) -> None:
    prompt, answer = len(request.prompt), 0 if request.prefill_only else request.max_tokens
    if prompt + answer > limits.context_size:
        raise InvalidInput(
            "prompt",
            f"{prompt} prompt tokens and max_tokens {answer} do not fit the context of {limits.context_size} tokens",
        )
    if prompt + request.suggestions * answer > limits.pool_size:
        raise InvalidInput(
            "suggestions",
            f"{request.suggestions} suggestions of {answer} tokens do not fit the cache of {limits.pool_size} tokens",
        )
