"""The output of one part, in a file that does not grow without end."""

import contextlib
import os
from collections import deque
from pathlib import Path

MAX_BYTES = 5_000_000
KEPT_FILES = 3
REMEMBERED_LINES = 15


class PartLog:
    """Appends to `<name>.log`; when it is full it becomes `<name>.log.1`, and the oldest is dropped."""

    def __init__(self, directory: Path, name: str, max_bytes: int = MAX_BYTES) -> None:
        self.path = directory / f"{name}.log"
        self._max_bytes = max_bytes
        self._recent: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._open()

    def write_line(self, line: bytes) -> None:
        """Append one line, which may lack its end. Where the disk is full, the line is only remembered."""
        self._recent.append(line.decode(errors="replace").rstrip())
        data = line if line.endswith(b"\n") else line + b"\n"
        # Nobody would read on from the part's output after an error here, and the part would hang at its next line.
        with contextlib.suppress(OSError):
            if self._size and self._size + len(data) > self._max_bytes:
                self._rotate()
            self._size += os.write(self._file, data)

    def last_lines(self) -> list[str]:
        """Return the newest lines of this run of the stack."""
        return list(self._recent)

    def close(self) -> None:
        """Close the file; nothing can be written afterwards."""
        os.close(self._file)

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size

    def _rotate(self) -> None:
        for number in range(KEPT_FILES - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.rename(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.rename(self.path.with_name(f"{self.path.name}.1"))
        full = self._file
        self._open()
        os.close(full)
