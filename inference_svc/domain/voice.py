"""The adapter that an account's drafts are written with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """An adapter for the loaded model, as a GGUF file where the workers can read it."""

    adapter_id: str
    name: str
    path: str
    sha256: str
    scale: float = 1.0

    @property
    def facts(self) -> str:
        """All of it that determines a text."""
        return f"{self.sha256}*{self.scale:g}"
