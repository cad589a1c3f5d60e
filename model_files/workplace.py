"""Where a download is while it is not finished: beside the finished files, so that a rename puts it in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from model_files.errors import ModelCommandError
from model_files.manifest import HuggingFaceFile


@dataclass(frozen=True, slots=True)
class Workplace:
    """The unfinished downloads of a model cache."""

    cache: Path

    @property
    def directory(self) -> Path:
        """Where unfinished downloads are."""
        return self.cache.expanduser() / "partial"

    def partial(self, source: HuggingFaceFile, etag: str) -> Path:
        """The unfinished file; another one for each content, so that two contents are never mixed."""
        return self.directory / f"{_name(source)}.{etag[:16]}.part"

    def partials(self, source: HuggingFaceFile) -> list[Path]:
        """All that was begun of this file."""
        prefix = f"{_name(source)}."
        found = self.directory.glob("*.part") if self.directory.is_dir() else ()
        return sorted(path for path in found if path.name.startswith(prefix))

    @contextmanager
    def alone(self, source: HuggingFaceFile, occupied: Callable[[], None]) -> Iterator[None]:
        """Hold this file's lock, which the system frees when the process ends, however it ends.

        When another process holds it, call `occupied`, which may raise, and then wait.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.directory / f"{_name(source)}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            occupied()
            lock.acquire()
        except NotImplementedError:
            raise ModelCommandError(
                f"the file system of {self.cache} cannot lock files, so two downloads could write into one: name another "
                "directory with ASSISTANT_MODEL_CACHE"
            ) from None
        try:
            yield
        finally:
            lock.release()


def _name(source: HuggingFaceFile) -> str:
    return source.file.replace("/", "--")
