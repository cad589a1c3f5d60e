"""The adapter that an account's drafts are written with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter for the loaded model, as a GGUF file where the workers can read it."""

    adapter_id: str
    name: str
    path: str
    sha256: str
    scale: float = 1.0

    @property
    def version(self) -> str:
        """By what a worker knows it: with another file or another strength it is another one, whatever its id."""
        return f"{self.adapter_id}@{self.sha256[:12]}*{self.scale:g}"

    @property
    def facts(self) -> str:
        """All of it that determines a text."""
        return f"{self.sha256}*{self.scale:g}"
