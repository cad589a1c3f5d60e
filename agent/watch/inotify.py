"""Watches the database's folder with inotify, on Linux: a folder tells of all its files, also of those that come later."""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from inotify_simple import INotify, flags

from agent.watch.readable import readable
from agent.watch.source import files_of

_CHANGES: Final = (
    flags.MODIFY | flags.CREATE | flags.DELETE | flags.MOVED_TO | flags.MOVED_FROM | flags.DELETE_SELF | flags.MOVE_SELF
)
_FOLDER_GONE: Final = flags.IGNORED | flags.DELETE_SELF | flags.MOVE_SELF | flags.UNMOUNT


class Inotify:
    """Implements ChangeSource."""

    def __init__(self, database: Path) -> None:
        self._folder = database.parent
        self._names = {path.name for path in files_of(database)}
        self._inotify: INotify | None = None
        self._watch: int | None = None

    def __enter__(self) -> Self:
        with suppress(OSError):  # no more of them for this user: the time is used up then
            self._inotify = INotify(nonblocking=True)
            self._watch_folder()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._inotify is not None:
            self._inotify.close()
        self._inotify = None

    async def wait(self, seconds: float) -> None:
        """Return after these seconds, or as soon as the files or their folder may have changed."""
        if self._inotify is None:
            await asyncio.sleep(seconds)
            return
        ends_at = time.monotonic() + seconds
        if self._watch is None and self._watch_folder():
            return  # a folder that was not there, which may hold anything
        while (left := ends_at - time.monotonic()) > 0:
            if await readable(self._inotify.fileno(), left) and self._concerns_us(self._inotify):
                return

    def _watch_folder(self) -> bool:
        assert self._inotify is not None
        try:
            self._watch = self._inotify.add_watch(os.fspath(self._folder), _CHANGES)
        except OSError:
            return False  # not there, or no watch to be had: the next wait tries again
        return True

    def _concerns_us(self, inotify: INotify) -> bool:
        """Take the events that wait; return whether one of them is about the database."""
        concerns = False
        for event in inotify.read(timeout=0):
            if event.mask & _FOLDER_GONE:
                self._watch = None
                concerns = True
            elif event.name in self._names or event.mask & flags.Q_OVERFLOW:
                concerns = True
        return concerns
