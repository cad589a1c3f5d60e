"""What a change source is, and which files it watches."""

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self


class ChangeSource(Protocol):
    """Waits for changes of one SQLite database."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def wait(self, seconds: float) -> None:
        """Return when the database's files may have changed, else after these seconds."""


def files_of(database: Path) -> tuple[Path, ...]:
    """Return the files of a database: what is new is in the log before it is in the database itself."""
    return (database, database.with_name(f"{database.name}-wal"), database.with_name(f"{database.name}-shm"))
