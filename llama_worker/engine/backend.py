"""What the engine needs of a model: a Protocol, so that the scheduler is tested without one."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from llama_worker.engine.adapters import AdapterFile
from llama_worker.engine.request import Limits, Sampling

# Return codes of decode, as llama.cpp numbers them. Whatever is neither is fatal: the context is not to be trusted.
DECODED = 0
NO_ROOM = 1


class Span(NamedTuple):
    """Consecutive tokens of one sequence; `output` asks for the distribution after the last of them."""

    sequence: int
    start: int
    tokens: Sequence[int]
    output: bool


class Choice(NamedTuple):
    """A sampled token and its log-probability in the model's own distribution, before any sampling option."""

    token: int
    logprob: float


class Sampler(Protocol):
    """The random state and the history of one suggestion."""

    def sample(self, output: int) -> Choice:
        """Draw from the n-th span that asked for output in the last decode."""

    def close(self) -> None:
        """Free what it holds; called once."""


class Backend(Protocol):
    """One model with one context. Every method is called by the engine's thread only."""

    limits: Limits

    @property
    def rewinds(self) -> bool:
        """Whether `cut` can work at all: a recurrent model has one state for all tokens of a sequence."""

    def decode(self, spans: Sequence[Span]) -> int:
        """Compute the spans in one step and return DECODED, NO_ROOM (the cache is as it was), or another code: fatal."""

    def sampler(self, sampling: Sampling, seed: int, history: Sequence[int]) -> Sampler:
        """A sampler for a suggestion that consists of the tokens `history` so far."""

    def piece(self, token: int) -> bytes:
        """The token's text; empty for control tokens."""

    def ends(self, token: int) -> bool:
        """Whether the token ends the generation."""

    def share(self, source: int, target: int) -> None:
        """Give the empty sequence `target` all that `source` has in the cache."""

    def cut(self, sequence: int, end: int) -> bool:
        """Remove the positions from `end` on; False when the model cannot, and the whole sequence has to be forgotten."""

    def forget(self, sequence: int) -> None:
        """Free the sequence's cache."""

    def save(self, sequence: int, most: int) -> bytearray | None:
        """A copy of the sequence's cache in the host's memory, or None when that takes more than `most` bytes."""

    def restore(self, sequence: int, saved: bytearray) -> bool:
        """Give an empty sequence what was saved; False when there is no room, and then it is still empty."""

    def reset(self) -> None:
        """Make a new, empty context after a fatal step."""

    def graphs_reused(self) -> int:
        """Steps so far that reused the graph of the step before."""

    def add_adapter(self, file: AdapterFile) -> object:
        """Load an adapter, and make a new, empty context that has room for it. Raises AdapterUnusable."""

    def use_adapter(self, handle: object | None) -> None:
        """Compute the next steps with this adapter; None is the base model alone."""

    def remove_adapter(self, handle: object) -> None:
        """Free an adapter that nothing uses any more."""

    def close(self) -> None:
        """Free the model."""
