"""Whatever comes in whatever order: each reader gets its own text to its end, and nothing is left."""

import random
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from llama_worker.engine.adapters import Adapter, AdapterFile
from llama_worker.engine.events import Failed, Finished, FinishReason
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest, Sampling
from llama_worker.engine.stream import TokenStream
from svc_kit.errors import DomainError
from tests.unit.llama_worker.chained import WORDS, ChainedBackend, answer
from tests.unit.llama_worker.scripted import Bench

MOST_STEPS = 5000
WHOLE = (FinishReason.STOP, FinishReason.LENGTH)


class Afternoon:
    """Drafts, prefills, adapters, slow readers and hang-ups, in a random order."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        sequences, self.context = chance.choice((1, 2, 3, 4, 6)), chance.choice((60, 150))
        pool = self.context * chance.choice((1, 2, sequences))
        self.backend = ChainedBackend(chance, sequences, self.context, pool)
        options = EngineOptions(
            queue_limit=chance.choice((3, 20)),
            stream_buffer=chance.choice((2, 4, 64)),
            prefill_alone=64,
            prefill_beside=32,
            spill_bytes=chance.choice((0, 200, 1000, 10_000)),
        )
        self.bench = Bench(self.backend, options)
        self.stepper = self.bench.stepper
        self.asked: dict[TokenStream, dict[str, object]] = {}
        self.slow: set[TokenStream] = set()
        self.gone: set[TokenStream] = set()
        self.adapters: dict[str, Adapter] = {}
        self.loading = 0

    def often(self, share: float, act: Callable[[], None]) -> None:
        if self.chance.random() < share:
            act()

    def submit(self) -> None:
        chance, conversation = self.chance, self.chance.randrange(4)
        words = random.Random(conversation)
        prompt = [words.randrange(1, WORDS) for _ in range(chance.randrange(2, self.context // 2))]
        if chance.random() < 0.3:
            prompt[-chance.randrange(1, len(prompt) + 1)] = chance.randrange(1, WORDS)
        ahead = chance.random() < 0.2
        options: dict[str, object] = {
            "max_tokens": chance.randrange(1, 16),
            "suggestions": 1 if ahead else min(self.backend.limits.sequences, chance.choice((1, 1, 2, 3))),
            "sampling": Sampling(seed=chance.randrange(50)),
            "deterministic": not ahead and chance.random() < 0.1,
            "prefill_only": ahead,
            "cache_key": str(conversation) if chance.random() < 0.85 else "",
            "account_id": str(conversation % 2),
            "adapter": chance.choice([None, *self.adapters.values()]),
            "deadline": self.bench.now + chance.random() * 30 if chance.random() < 0.2 else None,
        }
        try:
            stream = self.bench.submit(prompt, **options)
        except DomainError:
            return
        self.asked[stream] = {"prompt": prompt, **options}
        self.often(0.2, lambda: self.slow.add(stream))

    def hang_up(self) -> None:
        if self.asked:
            stream = self.chance.choice(list(self.asked))
            self.gone.add(stream)
            stream.cancel()

    def load(self) -> None:
        name = self.chance.choice(("ana", "ben"))

        def done(adapter: Adapter | None, error: Exception | None) -> None:
            assert adapter is not None
            self.loading -= 1
            self.unload(name)
            self.adapters[name] = adapter

        self.loading += 1
        self.stepper.load_adapter(AdapterFile(name, Path("/none"), ""), done)

    def unload(self, name: str) -> None:
        if (adapter := self.adapters.pop(name, None)) is not None:
            self.stepper.retire_adapter(adapter)

    def step(self) -> bool:
        """Whether all is done."""
        for stream in [one for one in self.asked if one not in self.gone]:
            if stream not in self.slow or self.chance.random() < 0.1:
                self._read(stream)
        self.bench.now += self.chance.random() * 0.2
        works = self.stepper.step()
        self.stepper.flush()
        self._check_sequences()
        return not works and self._rests()

    def _read(self, stream: TokenStream) -> None:
        try:
            self.bench.read(stream)
        except DomainError:
            # Nothing comes after a failure.
            self.gone.add(stream)

    def _rests(self) -> bool:
        """Whether no work is left. The engine may rest only over work that cannot continue by itself."""
        running, waiting = self.stepper._scheduler.running, self.stepper.queue.order()
        for job in (*running, *waiting):
            is_behind = job.request.prefill_only and running
            assert job.paused or job.cancelled or job.deadline <= self.bench.now or is_behind
        return not (running or waiting or self.loading)

    def _check_sequences(self) -> None:
        scheduler = self.stepper._scheduler
        kept, free = scheduler._sequences._residents.values(), scheduler._sequences._free
        branches = [branch for job in scheduler.running for branch in job.branches]
        used = [(branch.sequence, branch) for branch in branches if branch.sequence is not None]
        owned = [*free, *(one.sequence for one in kept), *(sequence for sequence, _ in used)]
        assert sorted(owned) == list(self.backend.cells)
        assert not any(self.backend.cells[one] for one in free)
        for one in kept:
            assert self.backend.tokens(one.sequence) == list(one.tokens)
        for sequence, branch in used:
            assert self.backend.tokens(sequence) == list(branch.tokens(0, branch.cached))
        assert scheduler._sequences.spilled_bytes <= scheduler._sequences._spill_bytes


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 32))
def test_each_reader_gets_its_own_text_to_its_end_and_nothing_is_left(seed: int):
    chance = random.Random(seed)
    afternoon = Afternoon(chance)
    for _ in range(chance.randrange(30, 200)):
        afternoon.often(0.3, afternoon.submit)
        afternoon.often(0.02, afternoon.hang_up)
        afternoon.often(0.02, afternoon.load)
        afternoon.often(0.01, lambda: afternoon.unload("ana"))
        afternoon.step()

    afternoon.backend.calm = True
    assert any(afternoon.step() for _ in range(MOST_STEPS))
    afternoon.step()

    for stream, asked in afternoon.asked.items():
        _check(afternoon, stream, asked)
    assert afternoon.backend.open_samplers == 0
    assert afternoon.backend.adapters == {adapter.handle for adapter in afternoon.adapters.values()}


def _check(afternoon: Afternoon, stream: TokenStream, asked: dict[str, object]) -> None:
    """One end, each suggestion's text as it has to be, and nothing after it."""
    events = afternoon.bench.sent[stream]
    ends = [event for event in events if isinstance(event, Finished)]
    if any(isinstance(event, Failed) for event in events):
        assert isinstance(events.pop(), Failed)
        assert not any(isinstance(event, Failed) or (isinstance(event, Finished) and event.last) for event in events)
        return
    if stream in afternoon.gone and not (ends and ends[-1].last):
        return
    request = GenerationRequest(**asked)  # type: ignore[arg-type]
    assert sorted(end.suggestion for end in ends) == list(range(request.suggestions))
    assert [end.last for end in ends] == [False] * (request.suggestions - 1) + [True]
    assert events[-1] is ends[-1]
    for end in ends:
        text = afternoon.bench.text(stream, end.suggestion)
        whole = "" if request.prefill_only else answer(request, (request.sampling.seed or 0) + end.suggestion)
        assert text == whole if end.reason in WHOLE else whole.startswith(text)
