"""Watches the database's files with kqueue, which unlike FSEvents hears of every write to a SQLite log.

kqueue watches open files, not names: when Messages makes its log anew, or a backup takes the database's place, the watch
must move to the new file, or it stays silent for ever.
"""

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from agent.watch.readable import readable
from agent.watch.source import files_of

NOTE_DELETE: Final = 0x01
NOTE_WRITE: Final = 0x02
NOTE_EXTEND: Final = 0x04
NOTE_ATTRIB: Final = 0x08
NOTE_RENAME: Final = 0x20
NOTE_REVOKE: Final = 0x40
WATCHED: Final = NOTE_DELETE | NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_RENAME | NOTE_REVOKE
_GONE: Final = NOTE_DELETE | NOTE_RENAME | NOTE_REVOKE


class KernelQueue(Protocol):
    """What is needed of a kqueue."""

    def fileno(self) -> int:
        """Return a descriptor that is readable while events wait."""

    def open(self, path: Path) -> int:
        """Open a file for nothing but its events; raise OSError if that cannot be."""

    def watch(self, file: int) -> None:
        """Queue an event at each of the changes in WATCHED; closing the file ends it."""

    def take(self) -> list[tuple[int, int]]:
        """Return the events that wait, as (file, flags), without waiting for any."""

    def close(self) -> None:
        """Close the queue."""
        ...


class Kqueue:
    """Implements ChangeSource. Looks at the start of each wait whether the names still mean the watched files."""

    def __init__(self, database: Path, new_queue: Callable[[], KernelQueue]) -> None:
        # The folder tells of files that appear; it may be closed to us or missing like each of the others.
        self._paths = (database.parent, *files_of(database))
        self._new_queue = new_queue
        self._queue: KernelQueue | None = None
        self._files: dict[Path, int] = {}

    def __enter__(self) -> Self:
        self._queue = self._new_queue()
        self._follow_names()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for path in tuple(self._files):
            self._drop(path)
        if self._queue is not None:
            self._queue.close()
        self._queue = None

    async def wait(self, seconds: float) -> None:
        """Return after these seconds, or as soon as the files or their folder may have changed."""
        assert self._queue is not None, "wait is for inside of `with`"
        if self._follow_names():
            return  # another file, which may hold anything
        if await readable(self._queue.fileno(), seconds):
            self._take()

    def _follow_names(self) -> bool:
        """Watch what the names mean now; return whether that is another file than before."""
        moved = False
        for path in self._paths:
            if path in self._files and not _is_still(self._files[path], path):
                self._drop(path)
                moved = True
            if path not in self._files and self._add(path):
                moved = True
        return moved

    def _add(self, path: Path) -> bool:
        assert self._queue is not None
        try:
            file = self._queue.open(path)
        except OSError:
            return False  # not there, or not ours to see: the next wait tries again
        try:
            self._queue.watch(file)
        except OSError:  # a volume that knows no such events
            os.close(file)
            return False
        self._files[path] = file
        return True

    def _drop(self, path: Path) -> None:
        os.close(self._files.pop(path))

    def _take(self) -> None:
        assert self._queue is not None
        gone = {file for file, flags in self._queue.take() if flags & _GONE}
        for path in [path for path, file in self._files.items() if file in gone]:
            self._drop(path)


def _is_still(file: int, path: Path) -> bool:
    """Return whether the open file is the one that has this name."""
    opened = os.fstat(file)
    if opened.st_nlink == 0:
        return False
    try:
        named = path.stat()
    except OSError:
        return False
    return (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
