"""The sequences of the context: which are free, and which are kept for the next request of their conversation."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from llama_worker.engine.backend import Backend

# The state of a model that cannot rewind is saved so many tokens before the end of a prompt. The next prompt of a conversation
# differs in the last few tokens, which ask for the reply; the same prompt again needs all but its last token.
MARKS: Final = (1, 16)
_WHOLE: Final = 0


@dataclass(frozen=True, slots=True)
class Resident:
    """An idle sequence with the tokens that it holds in the KV cache."""

    sequence: int
    tokens: Sequence[int]


@dataclass(frozen=True, slots=True)
class Spilled:
    """The state of a sequence when it was evicted, or at a mark: bytes of Backend.save, in the host's memory."""

    saved: bytearray
    tokens: Sequence[int]


class Sequences:
    """Hands out sequences, and keeps released ones as residents under a key.

    The next request with the same key prefills only what follows the longest common prefix. When others need the place, the
    resident that was used the longest ago is evicted, into the host's memory within `spill_bytes`. A model that cannot rewind
    starts from marks, which are kept there too.
    """

    def __init__(self, backend: Backend, spill_bytes: int = 0) -> None:
        self._backend = backend
        self._spill_bytes = spill_bytes
        # The lowest comes first, so that a lone request always gets the same.
        self._free = list(range(backend.limits.sequences - 1, -1, -1))
        # Both in the order of use, the longest ago first.
        self._residents: dict[Hashable, Resident] = {}
        # Under a key and the mark, or `_WHOLE` for all that a sequence held.
        self._spilled: dict[tuple[Hashable, int], Spilled] = {}

    @property
    def available(self) -> int:
        """How many sequences can be taken."""
        return len(self._free) + len(self._residents)

    @property
    def kept_cells(self) -> int:
        """Cells of the KV cache that residents fill."""
        return sum(len(resident.tokens) for resident in self._residents.values())

    @property
    def spilled_bytes(self) -> int:
        """Bytes of host memory in use."""
        return sum(len(spilled.saved) for spilled in self._spilled.values())

    def take(self) -> int:
        """An empty sequence; there must be one available."""
        if not self._free:
            self.evict()
        return self._free.pop()

    def resume(self, key: Hashable, tokens: Sequence[int], most: int) -> tuple[int, int] | None:
        """The sequence kept under a key and how many of these tokens it holds, at most `most`; None when it holds none."""
        if (spilled := self._spilled.pop((key, _WHOLE), None)) is not None and key not in self._residents:
            self._restore(key, spilled, common_prefix(spilled.tokens, tokens, most))
        resident = self._residents.pop(key, None)
        if resident is not None:
            common = common_prefix(resident.tokens, tokens, most)
            if common and (common == len(resident.tokens) or self._backend.cut(resident.sequence, common)):
                return resident.sequence, common
            self.release(resident.sequence)
        return None if self._backend.rewinds else self._from_mark(key, tokens, most)

    def mark(self, key: Hashable, mark: int, sequence: int, tokens: Sequence[int]) -> None:
        """Save the state of a sequence, in the place of the key's earlier one at this mark."""
        self._spilled.pop((key, mark), None)
        self._save((key, mark), sequence, tokens)

    def keep(self, key: Hashable, sequence: int, tokens: Sequence[int]) -> None:
        """Keep a sequence, which holds these tokens, as the key's resident."""
        if not tokens:
            self.release(sequence)
            return
        if (older := self._residents.pop(key, None)) is not None:
            self.release(older.sequence)
        self._spilled.pop((key, _WHOLE), None)
        self._residents[key] = Resident(sequence, tokens)

    def release(self, sequence: int) -> None:
        """Forget what a sequence holds; it is free then."""
        self._backend.forget(sequence)
        self._free.append(sequence)
        self._free.sort(reverse=True)

    def evict(self, but: Hashable = None) -> bool:
        """Evict the resident that was used the longest ago, but not that of the key `but`; False when there is none."""
        key = next((key for key in self._residents if key != but), None)
        if key is None:
            return False
        resident = self._residents.pop(key)
        self._save((key, _WHOLE), resident.sequence, resident.tokens)
        self.release(resident.sequence)
        return True

    def evict_to(self, cells: int, but: Hashable = None) -> None:
        """Evict residents until all of them, but that of the key `but`, fill at most so many cells."""
        while sum(len(resident.tokens) for key, resident in self._residents.items() if key != but) > cells:
            self.evict(but)

    def on_context_reset(self) -> None:
        """Note that the context is a new, empty one: no resident is left. Spilled states are still good."""
        for resident in self._residents.values():
            self.release(resident.sequence)
        self._residents.clear()

    def forget(self, is_forgotten: Callable[[Hashable], bool]) -> int:
        """Drop the residents, spilled caches and marks whose key fulfils the condition.

        Return how many sequences were dropped: one that has both a resident and something in the host's memory counts twice.
        """
        resident_keys = [key for key in self._residents if is_forgotten(key)]
        places = [place for place in self._spilled if is_forgotten(place[0])]
        for key in resident_keys:
            self.release(self._residents.pop(key).sequence)
        for place in places:
            del self._spilled[place]
        return len(resident_keys) + len({key for key, _ in places})

    def drop(self, key: Hashable) -> None:
        """Drop what is kept whole under one key."""
        if (resident := self._residents.pop(key, None)) is not None:
            self.release(resident.sequence)
        self._spilled.pop((key, _WHOLE), None)

    def _restore(self, key: Hashable, spilled: Spilled, common: int) -> None:
        if not common:
            return
        sequence = self.take()
        if self._backend.restore(sequence, spilled.saved):
            self._residents[key] = Resident(sequence, spilled.tokens)
        else:
            self.release(sequence)

    def _from_mark(self, key: Hashable, tokens: Sequence[int], most: int) -> tuple[int, int] | None:
        for place in [(key, mark) for mark in MARKS]:
            marked = self._spilled.get(place)
            if marked is None or common_prefix(marked.tokens, tokens, most) < len(marked.tokens):
                continue
            # Used just now, so the last one to go.
            self._spilled[place] = self._spilled.pop(place)
            sequence = self.take()
            if self._backend.restore(sequence, marked.saved):
                return sequence, len(marked.tokens)
            self.release(sequence)
        return None

    def _save(self, place: tuple[Hashable, int], sequence: int, tokens: Sequence[int]) -> None:
        saved = self._backend.save(sequence, self._spill_bytes) if self._spill_bytes else None
        if saved is None:
            return
        while self.spilled_bytes + len(saved) > self._spill_bytes:
            del self._spilled[next(iter(self._spilled))]
        self._spilled[place] = Spilled(saved, tokens)


def common_prefix(held: Sequence[int], wanted: Sequence[int], most: int) -> int:
    """How many tokens both begin with, at most `most`."""
    most = min(len(held), len(wanted), most)
    for index in range(most):
        if held[index] != wanted[index]:
            return index
    return most
