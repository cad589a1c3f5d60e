"""An afternoon of the engine in minutes: short drafts on a tiny model, with everything going wrong that can.

python -m tests.soak_engine [--drafts 20000] [--seed 1] [--clients 24] [--model llama|mamba|hybrid]

Readers hang up, are slow, or have no time; adapters are loaded, replaced and unloaded; steps fail for good, or find no room. Each
draft must end in one way, in the form of its grammar, and when it is deterministic with the text that it had before. In the end
nothing may be left: no sequence, no cell, no adapter, no task, no memory.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import platform
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import llama_cpp.llama_cpp as lib
import psutil

from llama_worker.engine.adapters import AdapterFile
from llama_worker.engine.backend import NO_ROOM, Span
from llama_worker.engine.engine import Engine
from llama_worker.engine.events import Finished, Piece
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest, Sampling
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.tokenizer import Tokenizer
from svc_kit.errors import DomainError, NotFound
from tests.integration.llama_worker.made_adapter import write_adapter
from tests.random_model import write_model
from tests.random_recurrent import write_hybrid, write_mamba

_CONTEXT = ContextOptions(sequences=6, context_size=256, pool_size=640, threads=1)
_OPTIONS = EngineOptions(queue_limit=20, stream_buffer=4, prefill_alone=64, prefill_beside=32, spill_bytes=200_000)
_CONVERSATIONS = 30
_ADAPTERS = ("ana", "ben")
_FATAL = -3
_FATAL_EVERY, _NO_ROOM_EVERY = 400, 150
_MODELS: dict[str, Callable[[Path], Path]] = {"llama": write_model, "mamba": write_mamba, "hybrid": write_hybrid}
_GRAMMAR, _FORM = "root ::= [a-z] [a-z0-9]*", re.compile("([a-z][a-z0-9]*)?")


class FaultyBackend(LlamaBackend):
    """The real one, but that some steps fail."""

    chance: random.Random

    def decode(self, spans: Sequence[Span]) -> int:
        if self.chance.randrange(_FATAL_EVERY) == 0:
            return _FATAL
        if self.chance.randrange(_NO_ROOM_EVERY) == 0:
            return NO_ROOM
        return super().decode(spans)

    def cells(self) -> dict[int, int]:
        """How many tokens each sequence that is not empty has in the cache."""
        ends = {one: lib.llama_memory_seq_pos_max(self._memory, one) for one in range(self.limits.sequences)}
        return {one: int(end) + 1 for one, end in ends.items() if end >= 0}


@dataclass
class Soak:
    """What came of it."""

    ends: Counter[str] = field(default_factory=Counter)
    swaps: int = 0
    seconds: float = 0.0
    steps: int = 0
    preemptions: int = 0
    reused: int = 0
    resets: int = 0
    # Sequences with tokens in the cache that nobody keeps, adapters that nobody loaded, and tasks that nobody waits for.
    lost_sequences: int = 0
    lost_adapters: int = 0
    lost_tasks: int = 0
    # Megabytes, after a quarter and after half of the drafts, and at the end.
    memory_early: float = 0.0
    memory_half: float = 0.0
    memory: float = 0.0
    # What deterministic drafts said, by their request.
    said: dict[GenerationRequest, str] = field(default_factory=dict)
    said_again: int = 0

    @property
    def drafts(self) -> int:
        return sum(self.ends.values())


async def soak(drafts: int, seed: int = 1, clients: int = 24, model: str = "llama") -> Soak:
    """Run so many drafts. Raises when one ends in a way that none may, or in none."""
    with tempfile.TemporaryDirectory() as folder:
        path = _MODELS[model](Path(folder) / "tiny.gguf")
        # The recurrent ones have nothing that these adapters go with.
        count = 3 if model == "llama" else 0
        adapters = [write_adapter(Path(folder) / f"{number}.gguf", path, seed=number) for number in range(count)]
        return await _soak(path, adapters, drafts, seed, clients)


async def _soak(model_path: Path, adapters: Sequence[Path], drafts: int, seed: int, clients: int) -> Soak:
    backends: list[FaultyBackend] = []

    def load() -> FaultyBackend:
        model = LlamaModel(model_path, 0, lambda _: True)
        backends.append(FaultyBackend(model, Tokenizer(model), _CONTEXT))
        return backends[0]

    FaultyBackend.chance = random.Random(seed)
    engine, result = Engine(load, _OPTIONS), Soak()
    await engine.start()
    before = len(asyncio.all_tasks())
    began = time.monotonic()
    left = iter(range(drafts))
    swapping = asyncio.create_task(_swap(engine, adapters, random.Random(seed), result))
    readers = (_read(engine, left, drafts, random.Random(seed * 1000 + number), result) for number in range(clients))
    await asyncio.gather(*readers)
    swapping.cancel()
    await asyncio.gather(swapping, return_exceptions=True)
    await _rest(engine)
    result.seconds, result.memory = time.monotonic() - began, _memory()
    _look(engine, backends[0], result)
    result.lost_tasks = len(asyncio.all_tasks()) - before
    await engine.stop()
    return result


def _look(engine: Engine, backend: FaultyBackend, result: Soak) -> None:
    stepper = engine._stepper
    assert stepper is not None
    kept = {one.sequence: len(one.tokens) for one in stepper._scheduler._sequences._residents.values()}
    cells = backend.cells()
    result.lost_sequences = len(cells.items() ^ kept.items())
    result.lost_sequences += backend.limits.sequences - stepper._scheduler._sequences.available
    result.lost_adapters = len(backend._adapters) - len(engine.adapter_ids)
    result.steps, result.reused = stepper.steps, stepper.counts.reused_tokens
    result.preemptions = stepper.counts.preemptions


async def _read(engine: Engine, left: Iterator[int], drafts: int, chance: random.Random, result: Soak) -> None:
    """Draft for as long as there are drafts left, which all readers share."""
    for number in left:
        async with asyncio.timeout(120):
            result.ends[await _draft(engine, chance, result)] += 1
        if number == drafts // 4:
            result.memory_early = _memory()
        if number == drafts // 2:
            result.memory_half = _memory()


async def _draft(engine: Engine, chance: random.Random, result: Soak) -> str:
    """Run one draft or one prefill; return how it ended."""
    request = _request(engine, chance)
    hangs_up_after = chance.randrange(12) if chance.random() < 0.15 else None
    is_slow = chance.random() < 0.05
    ends: list[str] = []
    texts = [""] * request.suggestions
    try:
        async with engine.submit(request) as events:
            heard = 0
            async for event in events:
                if heard == hangs_up_after:
                    return "hung up"
                heard += 1
                if is_slow:
                    await asyncio.sleep(0.002)
                if isinstance(event, Piece):
                    texts[event.suggestion] += event.text
                if isinstance(event, Finished):
                    ends.append(event.reason.value)
    except DomainError as error:
        return type(error).__name__
    if len(ends) != request.suggestions:
        raise AssertionError(f"{len(ends)} of {request.suggestions} suggestions ended")
    _check(request, texts, ends, result)
    return "prefilled" if request.prefill_only else ends[0]


def _check(request: GenerationRequest, texts: Sequence[str], ends: Sequence[str], result: Soak) -> None:
    """Raise when a draft is not in its form, or not what the same deterministic one was before."""
    if request.sampling.grammar and not all(map(_FORM.fullmatch, texts)):
        raise AssertionError("a draft has not the form of its grammar")
    if request.deterministic and "deadline" not in ends:
        result.said_again += request in result.said
        if result.said.setdefault(request, texts[0]) != texts[0]:
            raise AssertionError("a deterministic draft differs from the one before")


def _request(engine: Engine, chance: random.Random) -> GenerationRequest:
    conversation = chance.randrange(_CONVERSATIONS)
    # Each conversation has a beginning of its own, and is cut anywhere: it grows, and shrinks.
    words = random.Random(conversation)
    if chance.random() < 0.03:
        return _deterministic(conversation, tuple(words.randrange(3, 259) for _ in range(80)))
    prompt = [words.randrange(3, 259) for _ in range(chance.randrange(2, 150))]
    ahead = chance.random() < 0.1
    adapter = None
    if chance.random() < 0.3:
        try:
            adapter = engine.adapter(chance.choice(_ADAPTERS))
        except NotFound:
            adapter = None
    return GenerationRequest(
        prompt,
        max_tokens=chance.randrange(1, 13),
        suggestions=1 if ahead else chance.choice((1, 1, 1, 2, 3)),
        stops=("ab", "\n\n") if chance.random() < 0.3 else (),
        sampling=Sampling(
            temperature=0 if chance.random() < 0.3 else 0.9,
            seed=chance.randrange(1000),
            grammar=_GRAMMAR if chance.random() < 0.1 else "",
        ),
        prefill_only=ahead,
        cache_key=str(conversation) if chance.random() < 0.9 else "",
        account_id=f"account {conversation % 3}",
        adapter=adapter,
        deadline=time.monotonic() + chance.random() * 0.2 if chance.random() < 0.1 else None,
    )


def _deterministic(conversation: int, prompt: tuple[int, ...]) -> GenerationRequest:
    """One of few, so that each comes again."""
    return GenerationRequest(
        prompt, max_tokens=8, sampling=Sampling(seed=conversation), deterministic=True, cache_key=str(conversation)
    )


async def _swap(engine: Engine, adapters: Sequence[Path], chance: random.Random, result: Soak) -> None:
    """Load, replace and unload adapters for as long as anybody drafts."""
    while adapters:
        name = chance.choice(_ADAPTERS)
        if chance.random() < 0.3:
            engine.unload_adapter(name)
        else:
            path = chance.choice(adapters)
            await engine.load_adapter(AdapterFile(name, path, path.stem, chance.choice((0.5, 1.0))))
        result.swaps += 1
        await asyncio.sleep(0.05)


async def _rest(engine: Engine) -> None:
    """Wait until nothing runs and what was to be freed is free."""
    async with asyncio.timeout(30):
        while engine.running or engine.queued or (engine._stepper and engine._stepper._adapters._retired):
            await asyncio.sleep(0.01)


def _memory() -> float:
    """Megabytes that are in use. What glibc keeps for later comes and goes, and would look like a leak."""
    gc.collect()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
    return float(psutil.Process().memory_info().rss) / 1e6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--drafts", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--clients", type=int, default=24)
    arguments.add_argument("--model", choices=list(_MODELS), default="llama")
    result = asyncio.run(soak(**vars(arguments.parse_args())))
    print(f"{result.drafts:,} drafts in {result.seconds:.0f} s, {result.steps:,} steps: {dict(result.ends)}")
    print(f"{result.swaps} adapter changes, {result.preemptions} preemptions, {result.reused:,} prompt tokens reused")
    print(f"{result.said_again} deterministic drafts made again, each the same")
    print(f"lost: {result.lost_sequences} sequences, {result.lost_adapters} adapters, {result.lost_tasks} tasks")
    memory = (result.memory_early, result.memory_half, result.memory)
    print("memory: {:.1f} MB after a quarter, {:.1f} MB after half, {:.1f} MB at the end".format(*memory))


if __name__ == "__main__":
    main()
