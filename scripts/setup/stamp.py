"""Remembers what a step was last done with, so that a second set-up does nothing."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


def digest(*parts: str) -> str:
    """Return a hash of some texts, in which their borders count."""
    total = hashlib.sha256()
    for part in parts:
        total.update(f"{len(part)}:{part}".encode())
    return total.hexdigest()


def files_digest(paths: Iterable[Path], root: Path) -> str:
    """Return a hash of the names and the contents of some files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(root)}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


@dataclass(frozen=True)
class Stamp:
    """A file that holds the key of the last time a step was done completely."""

    path: Path

    def holds(self, key: str) -> bool:
        """Return whether the step was last done with this key."""
        return self.read() == key

    def read(self) -> str | None:
        """Return the key, or None when the step was never done."""
        return self.path.read_text() if self.path.is_file() else None

    def write(self, key: str) -> None:
        """Remember that the step is done."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(key)

    def clear(self) -> None:
        """Forget the step, before doing it again: cut short, it must not pass for done."""
        self.path.unlink(missing_ok=True)
