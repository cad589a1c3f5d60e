"""A model that says what a test wrote, and checks that it is fed like a real one."""

from array import array
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from llama_worker.engine.adapters import Adapter, AdapterFile, AdapterUnusable
from llama_worker.engine.backend import Choice, Sampler, Span
from llama_worker.engine.counts import Counts
from llama_worker.engine.events import Event, Failed, Finished, FinishReason, Piece, Progress
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.replies import Outbox
from llama_worker.engine.request import GenerationRequest, Limits, Sampling
from llama_worker.engine.stepper import Stepper
from llama_worker.engine.stream import TokenStream

END = 0
FATAL = -3
_FILLER = 1


class ScriptedSampler:
    """Says the next piece of the script, whatever the output."""

    def __init__(self, backend: "ScriptedBackend", seed: int) -> None:
        self._backend = backend
        self.seed = seed
        self.closed = False
        self.failure: Exception | None = None

    def sample(self, output: int) -> Choice:
        if self.failure is not None:
            raise self.failure
        tokens = self._backend.output_tokens(output)
        script = self._backend.scripts[tokens[0]]
        said = len(tokens) - script.prompt_size
        return script.choices[said] if said < len(script.choices) else script.then

    def close(self) -> None:
        assert not self.closed
        self.closed = True


class Script:
    """What follows one prompt."""

    def __init__(self, prompt_size: int, choices: list[Choice], then: Choice) -> None:
        self.prompt_size = prompt_size
        self.choices = choices
        self.then = then


class ScriptedBackend:
    """Keeps the cache as token lists, so that a wrong position or a lost token fails the test."""

    def __init__(
        self, sequences: int = 4, context_size: int = 1000, pool_size: int = 2000, batch_size: int = 64
    ) -> None:
        self.limits = Limits(sequences, context_size, pool_size, batch_size)
        self.scripts: dict[int, Script] = {}
        self.cache: dict[int, list[int]] = {sequence: [] for sequence in range(sequences)}
        # Return codes of the next decodes; 0 when there is none.
        self.codes: deque[int] = deque()
        self.poisonous: set[int] = set()
        # For each step, how many tokens each prompt was fed, by the prompt's first token.
        self.fed: list[dict[int, int]] = []
        self.samplers: list[ScriptedSampler] = []
        self.resets = 0
        # What a recurrent model cannot: forget the end of a sequence.
        self.can_cut = True
        self.adapters: set[object] = set()
        self.unusable: set[str] = set()
        self.adapter: object | None = None
        # For each step, the adapter it was computed with.
        self.computed_with: list[object | None] = []
        # Bytes of the host's memory that a saved token takes.
        self.bytes_per_token = 10
        self._vocabulary: list[bytes] = [b"", b"?"]
        self._outputs: list[list[int]] = []

    @property
    def rewinds(self) -> bool:
        return self.can_cut

    def says(
        self, *pieces: bytes | str, prompt_size: int = 3, forever: bool = False, logprob: float = -0.5
    ) -> list[int]:
        """Make a prompt after which the model says these pieces and ends, or repeats the last one forever."""
        choices = [Choice(self._token(piece), logprob) for piece in pieces]
        key = self._token(b"prompt")
        self.scripts[key] = Script(prompt_size, choices, choices[-1] if forever else Choice(END, -0.1))
        return [key, *[_FILLER] * (prompt_size - 1)]

    def output_tokens(self, output: int) -> list[int]:
        return self._outputs[output]

    def decode(self, spans: Sequence[Span]) -> int:
        assert 0 < sum(len(span.tokens) for span in spans) <= self.limits.batch_size
        self.fed.append({})
        self.computed_with.append(self.adapter)
        for span in spans:
            self.fed[-1][self._key(span)] = self.fed[-1].get(self._key(span), 0) + len(span.tokens)
        if code := self.codes.popleft() if self.codes else self._verdict(spans):
            return code
        self._outputs = []
        for span in spans:
            tokens = self.cache[span.sequence]
            assert span.start == len(tokens)
            assert span.tokens
            tokens.extend(span.tokens)
            if span.output:
                self._outputs.append(tokens[:])
        return 0

    def sampler(self, sampling: Sampling, seed: int, history: Sequence[int]) -> Sampler:
        self.samplers.append(ScriptedSampler(self, seed))
        return self.samplers[-1]

    def piece(self, token: int) -> bytes:
        return self._vocabulary[token]

    def ends(self, token: int) -> bool:
        return token == END

    def share(self, source: int, target: int) -> None:
        assert not self.cache[target]
        self.cache[target] = self.cache[source][:]

    def cut(self, sequence: int, end: int) -> bool:
        assert end < len(self.cache[sequence])
        if self.can_cut:
            del self.cache[sequence][end:]
        return self.can_cut

    def forget(self, sequence: int) -> None:
        self.cache[sequence] = []

    def save(self, sequence: int, most: int) -> bytearray | None:
        tokens = self.cache[sequence]
        size = len(tokens) * self.bytes_per_token
        if size > most:
            return None
        saved = bytearray(size)
        saved[: 2 * len(tokens)] = array("H", tokens).tobytes()
        return saved

    def restore(self, sequence: int, saved: bytearray) -> bool:
        assert not self.cache[sequence]
        count = len(saved) // self.bytes_per_token
        self.cache[sequence] = list(array("H", bytes(saved[: 2 * count])))
        return True

    def reset(self) -> None:
        self.resets += 1
        self.cache = {sequence: [] for sequence in self.cache}

    def graphs_reused(self) -> int:
        return 0

    def add_adapter(self, file: AdapterFile) -> object:
        if file.id in self.unusable:
            raise AdapterUnusable(f"{file.id} is none")
        self.adapters.add(file.id)
        self.reset()
        return file.id

    def use_adapter(self, handle: object | None) -> None:
        assert handle is None or handle in self.adapters
        self.adapter = handle

    def remove_adapter(self, handle: object) -> None:
        self.adapters.remove(handle)

    def close(self) -> None:
        pass

    def _verdict(self, spans: Sequence[Span]) -> int:
        return FATAL if self.poisonous & {self._key(span) for span in spans} else 0

    def _key(self, span: Span) -> int:
        """The first token of the sequence that a span belongs to."""
        return span.tokens[0] if span.start == 0 else self.cache[span.sequence][0]

    def _token(self, piece: bytes | str) -> int:
        self._vocabulary.append(piece.encode() if isinstance(piece, str) else piece)
        return len(self._vocabulary) - 1


class Bench:
    """A stepper on a scripted model and a clock that only the test moves; no thread and no loop."""

    def __init__(
        self, backend: ScriptedBackend, options: EngineOptions | None = None, counts: Counts | None = None
    ) -> None:
        self.backend = backend
        self.now = 100.0
        self.health: list[bool] = []
        self.sent: dict[TokenStream, list[Event]] = {}
        self._unread: dict[TokenStream, list[Event]] = {}
        self.stepper = Stepper(
            backend,
            options or EngineOptions(),
            lambda: self.now,
            lambda: None,
            self._receive,
            self.health.append,
            counts,
        )

    def submit(self, prompt: Sequence[int], **options: object) -> TokenStream:
        stream = self.stepper.submit(GenerationRequest(prompt, **options))  # type: ignore[arg-type]
        self.sent[stream] = []
        return stream

    def load(self, adapter_id: str) -> Adapter:
        """Load an adapter between this step and the next."""
        loaded: list[Adapter] = []

        def done(adapter: Adapter | None, error: Exception | None) -> None:
            if error is not None:
                raise error
            assert adapter is not None
            loaded.append(adapter)

        self.stepper.load_adapter(AdapterFile(adapter_id, Path("/none"), ""), done)
        self.step()
        return loaded[0]

    def step(self, count: int = 1) -> None:
        for _ in range(count):
            self.stepper.step()
        self.stepper.flush()

    def run(self, most: int = 500) -> None:
        """Step until nothing is left to do."""
        for _ in range(most):
            if not self.stepper.step():
                return
        raise AssertionError("the engine does not come to rest")

    def text(self, stream: TokenStream, suggestion: int = 0) -> str:
        return "".join(e.text for e in self.sent[stream] if isinstance(e, Piece) and e.suggestion == suggestion)

    def pieces(self, stream: TokenStream) -> list[str]:
        return [e.text for e in self.sent[stream] if isinstance(e, Piece)]

    def all_finished(self, stream: TokenStream) -> list[Finished]:
        return [e for e in self.sent[stream] if isinstance(e, Finished)]

    def read(self, stream: TokenStream) -> None:
        """Take all that was sent to this stream, as its reader would."""
        for event in self._unread.pop(stream, []):
            stream.deliver(event)
            stream.take()

    def finished(self, stream: TokenStream) -> Finished:
        return next(e for e in self.sent[stream] if isinstance(e, Finished))

    def reason(self, stream: TokenStream) -> FinishReason | None:
        return next((e.reason for e in self.sent[stream] if isinstance(e, Finished)), None)

    def error(self, stream: TokenStream) -> Exception | None:
        return next((e.error for e in self.sent[stream] if isinstance(e, Failed)), None)

    def progress(self, stream: TokenStream) -> list[Progress]:
        return [e for e in self.sent[stream] if isinstance(e, Progress)]

    def _receive(self, outbox: Outbox) -> None:
        for stream, event in outbox:
            self.sent[stream].append(event)
            self._unread.setdefault(stream, []).append(event)
