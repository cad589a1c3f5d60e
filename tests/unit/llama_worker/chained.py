"""A scripted model of which each token depends on all before it, and on the adapter that computed each."""

import json
import random
import zlib
from collections.abc import Sequence

from llama_worker.engine.adapters import AdapterFile
from llama_worker.engine.backend import NO_ROOM, Choice, Sampler, Span
from llama_worker.engine.request import GenerationRequest, Sampling
from tests.unit.llama_worker.scripted import END, FATAL, ScriptedBackend

WORDS = 40
# A token, and the adapter that computed it.
Cell = tuple[int, object]


def next_token(read: Sequence[Cell], seed: int) -> int:
    """What the model says after all this."""
    drawn = zlib.crc32(repr((list(read), seed)).encode())
    return END if drawn % 30 == 0 else 1 + drawn % (WORDS - 1)


def answer(request: GenerationRequest, seed: int) -> str:
    """The text that the request has to get."""
    handle = request.adapter.handle if request.adapter else None
    read: list[Cell] = [(token, handle) for token in request.prompt]
    text = ""
    for _ in range(request.max_tokens):
        if (token := next_token(read, seed)) == END:
            break
        text += f"<{token}>"
        read.append((token, handle))
    return text


class ChainedSampler:
    def __init__(self, backend: "ChainedBackend", seed: int) -> None:
        self._backend = backend
        self._seed = seed
        backend.open_samplers += 1

    def sample(self, output: int) -> Choice:
        return Choice(next_token(self._backend.read[output], self._seed), -0.5)

    def close(self) -> None:
        self._backend.open_samplers -= 1


class ChainedBackend(ScriptedBackend):
    """Cells are objects, so that those that sequences share count once; some steps fail until `calm`."""

    def __init__(self, chance: random.Random, sequences: int, context_size: int, pool_size: int) -> None:
        super().__init__(sequences, context_size, pool_size)
        self.chance = chance
        self.can_cut = chance.random() < 0.6
        self.calm = False
        self.cells: dict[int, list[list[object]]] = {sequence: [] for sequence in range(sequences)}
        self.read: list[list[Cell]] = []
        self.open_samplers = 0

    def decode(self, spans: Sequence[Span]) -> int:
        size = sum(len(span.tokens) for span in spans)
        assert 0 < size <= self.limits.batch_size
        assert len({span.sequence for span in spans}) == len(spans)
        if not self.calm and self.chance.random() < 0.03:
            return self.chance.choice((FATAL, NO_ROOM))
        if self._is_full(size):
            return NO_ROOM
        self.read = []
        for sequence, start, tokens, output in spans:
            cells = self.cells[sequence]
            assert start == len(cells)
            cells += [[token, self.adapter] for token in tokens]
            if output:
                self.read.append([(int(str(token)), adapter) for token, adapter in cells])
        return 0

    def sampler(self, sampling: Sampling, seed: int, history: Sequence[int]) -> Sampler:
        return ChainedSampler(self, seed)

    def piece(self, token: int) -> bytes:
        return f"<{token}>".encode()

    def tokens(self, sequence: int) -> list[object]:
        return [token for token, _ in self.cells[sequence]]

    def share(self, source: int, target: int) -> None:
        assert not self.cells[target]
        self.cells[target] = self.cells[source][:]

    def cut(self, sequence: int, end: int) -> bool:
        if self.can_cut:
            del self.cells[sequence][end:]
        return self.can_cut

    def forget(self, sequence: int) -> None:
        self.cells[sequence] = []

    def save(self, sequence: int, most: int) -> bytearray | None:
        saved = bytearray(json.dumps(self.cells[sequence]).encode())
        return saved if len(saved) <= most else None

    def restore(self, sequence: int, saved: bytearray) -> bool:
        assert not self.cells[sequence]
        cells = json.loads(saved)
        if self._is_full(len(cells)):
            return False
        self.cells[sequence] = cells
        return True

    def reset(self) -> None:
        self.cells = {sequence: [] for sequence in self.cells}
        self.adapter = None

    def add_adapter(self, file: AdapterFile) -> object:
        handle = f"{file.id} {len(self.computed_with)}"
        # Each load is another adapter.
        self.computed_with.append(handle)
        self.adapters.add(handle)
        self.reset()
        return handle

    def _is_full(self, more: int) -> bool:
        used = len({id(cell) for cells in self.cells.values() for cell in cells})
        return self.can_cut and used + more > self.limits.pool_size
