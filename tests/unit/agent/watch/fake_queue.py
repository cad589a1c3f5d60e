"""A kqueue that a test feeds by hand, over real files: what is tested is what is watched, and when."""

import os
from pathlib import Path

from agent.watch.kqueue import NOTE_DELETE, NOTE_WRITE


class FakeQueue:
    """Implements KernelQueue."""

    def __init__(self) -> None:
        self._readable, self._writable = os.pipe()
        os.set_blocking(self._readable, False)
        self._events: list[tuple[int, int]] = []
        self.opened: list[tuple[int, Path]] = []
        """Every file that was ever opened: a number comes back for another one."""
        self.closed = False

    def fileno(self) -> int:
        return self._readable

    def open(self, path: Path) -> int:
        file = os.open(path, os.O_RDONLY)
        self.opened.append((file, path))
        return file

    def watch(self, file: int) -> None:
        assert file in dict(self.opened)

    def take(self) -> list[tuple[int, int]]:
        if self._events:
            os.read(self._readable, 1000)
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        os.close(self._readable)
        os.close(self._writable)
        self.closed = True

    def happens(self, path: Path, flags: int = NOTE_WRITE) -> None:
        """Queue an event of the file that is watched under this name."""
        file = [file for file, name in self.opened if name == path][-1]
        self._events.append((file, flags))
        os.write(self._writable, b"x")

    @property
    def paths(self) -> set[Path]:
        return {path for _, path in self.opened}

    def is_deleted(self, path: Path) -> None:
        self.happens(path, NOTE_DELETE)

    def times_opened(self, path: Path) -> int:
        return sum(name == path for _, name in self.opened)
