"""The kqueue of macOS. Kept apart, because other systems have neither it nor its types."""

import os
import select
import sys
from pathlib import Path

from agent.watch.kqueue import WATCHED

if sys.platform == "darwin":

    class MacQueue:
        """Implements KernelQueue."""

        def __init__(self) -> None:
            self._queue = select.kqueue()

        def fileno(self) -> int:
            """Return a descriptor that is readable while events wait."""
            return self._queue.fileno()

        def open(self, path: Path) -> int:
            """Open a file for events only: see O_EVTONLY in open(2)."""
            # For events only: keeps no volume from being ejected, and reads nothing.
            return os.open(path, os.O_EVTONLY | os.O_CLOEXEC)

        def watch(self, file: int) -> None:
            """Begin to hear of what happens to an open file."""
            change = select.kevent(
                file,
                filter=select.KQ_FILTER_VNODE,
                flags=select.KQ_EV_ADD | select.KQ_EV_CLEAR,
                fflags=WATCHED,
            )
            self._queue.control([change], 0, 0)

        def take(self) -> list[tuple[int, int]]:
            """Return what happened, as pairs of file and flags: see EVFILT_VNODE in kqueue(2)."""
            return [(event.ident, event.fflags) for event in self._queue.control(None, 64, 0)]

        def close(self) -> None:
            """Close the queue; the files stay open."""
            self._queue.close()
