"""Chooses how this system tells of changes."""

import sys
from pathlib import Path

from agent.watch.kqueue import Kqueue
from agent.watch.polling import Polling
from agent.watch.source import ChangeSource


def change_source(database: Path) -> ChangeSource:
    """Return the best change source of this system."""
    if sys.platform == "darwin":
        from agent.watch.mac_queue import MacQueue

        return Kqueue(database, MacQueue)
    if sys.platform == "linux":
        from agent.watch.inotify import Inotify

        return Inotify(database)
    return Polling()
