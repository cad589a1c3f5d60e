"""Tells an agent that runs that its token is another one. A keychain cannot be watched; a file can."""

import contextlib
from pathlib import Path


def mark_pairing(path: Path) -> None:
    """Say that somebody paired, or forgot the token."""
    with contextlib.suppress(OSError):  # the agent looks at its token all the same, only later
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)


def pairing_stamp(path: Path) -> int:
    """Return a number that is another one after each `mark_pairing`."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
