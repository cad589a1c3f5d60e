"""Adapters beside the base model: what one is, and which one the next step computes with."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# A switch makes llama.cpp plan its graph anew, so each adapter keeps the model for a few steps.
_STEPS_IN_A_ROW = 8


class AdapterUnusable(Exception):
    """The adapter does not go with the model; the message is one line and says why."""


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """A LoRA adapter as a GGUF file whose content was checked."""

    id: str
    path: Path
    sha256: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """An adapter in memory. Two loads of one id are two adapters: the KV cache of one is of no use to the other."""

    file: AdapterFile
    # What Backend.add_adapter returned.
    handle: object

    @property
    def id(self) -> str:
        """The file's id."""
        return self.file.id


class AdapterTurns:
    """One step computes with one adapter. Adapters that have work take turns of a few steps each."""

    def __init__(self, steps: int = _STEPS_IN_A_ROW) -> None:
        self._steps = steps
        self._left = 0
        # In the order of use, the longest ago first; None is the base model.
        self._served: list[Adapter | None] = []

    def next(self, with_work: Iterable[Adapter | None]) -> Adapter | None:
        """The adapter of the next step, out of those that have work (at least one); None is the base model."""
        waiting = list(dict.fromkeys(with_work))
        current = self._served[-1] if self._served else None
        if self._left > 0 and current in waiting:
            self._left -= 1
            return current
        known = [adapter for adapter in self._served if adapter in waiting]
        chosen = next((adapter for adapter in waiting if adapter not in self._served), known[0] if known else None)
        self._served = [adapter for adapter in self._served if adapter is not chosen] + [chosen]
        self._left = self._steps - 1
        return chosen

    def forget(self, adapter: Adapter) -> None:
        """Take an unloaded adapter out of the turns."""
        self._served = [one for one in self._served if one is not adapter]
