"""The agent's own log: bounded, for its owner's eyes only, and without a message, a name or a handle."""

import logging
import os
import sys
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

_FILE_BYTES: Final = 1_000_000
_OLD_FILES: Final = 3


class _PrivateRotatingFile(RotatingFileHandler):
    """Makes its files so that nobody else can read them."""

    def _open(self) -> TextIOWrapper:
        file = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return os.fdopen(file, "a", encoding="utf-8")


def open_log(path: Path | None, *, file_bytes: int = _FILE_BYTES) -> logging.Logger:
    """Return a logger that writes lines with their time to the file, or to standard output where none is named."""
    handler: logging.Handler
    if path is None:
        handler = logging.StreamHandler(sys.stdout)
    else:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _PrivateRotatingFile(path, maxBytes=file_bytes, backupCount=_OLD_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    logger = logging.Logger("assistant-agent")  # of its own, so that no library writes into it
    logger.addHandler(handler)
    return logger


def bound_crash_log(path: Path, bytes_allowed: int = _FILE_BYTES) -> None:
    """Empty the file that launchd appends to and never turns over, once it is large."""
    try:
        if path.stat().st_size > bytes_allowed:
            os.truncate(path, 0)
    except OSError:
        return  # none, or not ours


def place_of(error: BaseException) -> str:
    """Return an unexpected error's kind and place. Its text could hold a message, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    ours = [frame for frame in frames if f"{os.sep}agent{os.sep}" in frame.filename]
    via = f", from agent/{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours and ours[-1] != frames[-1] else ""
    return f"{type(error).__name__}{place}{via}"
