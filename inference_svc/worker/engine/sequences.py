"""Which sequences of the context are free."""


class SequenceAllocator:
    """Hands out sequence ids, the lowest free one first, so that a lone request always gets the same."""

    def __init__(self, count: int) -> None:
        self._free = list(range(count - 1, -1, -1))

    @property
    def free(self) -> int:
        return len(self._free)

    def take(self, count: int) -> list[int]:
        return [self._free.pop() for _ in range(count)]

    def give_back(self, sequence: int) -> None:
        self._free.append(sequence)
        self._free.sort(reverse=True)
