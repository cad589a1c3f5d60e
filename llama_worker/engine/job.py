"""The state of one request inside the engine, owned by the engine's thread."""

from collections.abc import Container, Hashable, Sequence
from typing import NamedTuple

from llama_worker.engine.adapters import Adapter
from llama_worker.engine.backend import Sampler
from llama_worker.engine.request import GenerationRequest
from llama_worker.engine.stream import TokenStream
from llama_worker.engine.text import SuggestionText


class ConversationKey(NamedTuple):
    """Under what a conversation's sequence is kept."""

    account_id: str
    cache_key: str
    # None is the base model alone.
    adapter: Adapter | None


class Branch:
    """One suggestion: its tokens, and how many of them (`cached`) its sequence holds in the KV cache."""

    def __init__(self, job: "Job", index: int) -> None:
        self.job = job
        self.index = index
        self.sequence: int | None = None
        self.cached = 0
        self.generated: list[int] = []
        self.text = SuggestionText(job.request.stops)
        self.sampler: Sampler | None = None
        self.done = False

    @property
    def size(self) -> int:
        """Tokens of prompt and answer."""
        return len(self.job.prompt) + len(self.generated)

    def tokens(self, start: int, end: int) -> Sequence[int]:
        """The tokens at positions `start` to `end` (exclusive) of prompt and answer."""
        prompt = self.job.prompt
        border = len(prompt)
        if start >= border:
            return self.generated[start - border : end - border]
        if end <= border:
            return prompt[start:end]
        return [*prompt[start:], *self.generated[: end - border]]


class Job:
    """One request with its suggestions. A job that is preempted keeps its tokens and replays them."""

    def __init__(self, request: GenerationRequest, number: int, seed: int, deadline: float, now: float) -> None:
        self.request = request
        # A draft computes the last token itself, for the distribution after it.
        self.prompt = request.prompt[:-1] if request.prefill_only else request.prompt
        self.number = number
        self.seed = seed
        self.deadline = deadline
        self.submitted = now
        self.started: float | None = None
        self.first_token: float | None = None
        self.branches = [Branch(self, index) for index in range(request.suggestions)]
        # Runs alone: it is deterministic, or suspected of having broken a step.
        self.solo = request.deterministic
        # Whether every suggestion has the prompt in its own sequence.
        self.forked = False
        self.cancelled = False
        # Whether its conversation was forgotten since it came: it runs to its end, and nothing of it is kept for others.
        self.forgotten = False
        # Tokens of the prompt that the cache held when the job began.
        self.reused = 0
        # The queue position that the reader was sent last.
        self.reported_position: int | None = None
        self.stream: TokenStream

    @property
    def key(self) -> Hashable:
        """Under what its sequence is kept: for the conversation's next request, or for its own return."""
        request = self.request
        if not self.is_shared:
            return self.number
        # The KV cache of one adapter is of no use to another.
        return ConversationKey(request.account_id, request.cache_key, request.adapter)

    @property
    def is_shared(self) -> bool:
        """Whether later requests of its conversation may go on with its sequence."""
        return bool(self.request.cache_key) and not self.forgotten

    def belongs_to(self, account_id: str, cache_keys: Container[str]) -> bool:
        """Whether it is the account's and of one of these conversations."""
        return self.request.account_id == account_id and self.request.cache_key in cache_keys

    @property
    def live(self) -> list[Branch]:
        """The suggestions that have not ended."""
        return [branch for branch in self.branches if not branch.done]

    @property
    def cells(self) -> int:
        """Cells of the KV cache that it fills once all its tokens are fed; suggestions share the prompt."""
        return len(self.prompt) + sum(len(branch.generated) for branch in self.branches if not branch.done)

    @property
    def paused(self) -> bool:
        """Whether it waits for its reader."""
        return self.stream.full
