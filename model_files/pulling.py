"""`assistant models pull`: a file comes whole and right, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from rich.filesize import decimal

from model_files.errors import ModelCommandError
from model_files.files import Checksums, ModelFiles, ModelMissing, sha256_of
from model_files.hub import RemoteFile
from model_files.manifest import HuggingFaceFile, ModelEntry
from model_files.receipts import Receipt, Receipts
from model_files.workplace import Workplace

# A disk that is filled to its last byte breaks more than the download.
SPARE_BYTES = 100_000_000


class Server(Protocol):
    """Where files come from."""

    name: str

    def look_up(self, source: HuggingFaceFile) -> RemoteFile:
        """Return what the server says of a file. Raises ModelCommandError."""
        ...

    def fetch(self, source: HuggingFaceFile, remote: RemoteFile, path: Path, tell: Callable[[int], None]) -> None:
        """Download into `path`, on from what is there; `tell` hears how many bytes there are. Raises ModelCommandError."""
        ...


class Observer(Protocol):
    """Who watches it."""

    def say(self, line: str) -> None:
        """Show a line."""
        ...

    def downloading(self, name: str, size: int, start: int) -> AbstractContextManager[Callable[[int], None]]:
        """Show the progress of a download of `size` bytes, of which `start` are there; what is given back takes the bytes there are."""
        ...


class Puller:
    """Downloads into one model cache. Raises ModelCommandError."""

    def __init__(self, files: ModelFiles, server: Server, observer: Observer) -> None:
        self._files = files
        self._server = server
        self._observer = observer
        self._workplace = Workplace(files.cache)
        self._checksums = Checksums(files.cache)

    def pull(self, model: ModelEntry) -> None:
        """Bring the model's file, unless it is here."""
        place = self._files.place(model)
        source = model.source
        if not isinstance(source, HuggingFaceFile) or place is None:
            self._observer.say(self._needs_no_download(model))
            return
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with self._workplace.alone(source, lambda: self._wait_for_the_other(model)):
                if not self._is_here(model, place):
                    self._download(model, source, place)
        except OSError as error:
            raise ModelCommandError(self._disk_trouble(error)) from None

    def _download(self, model: ModelEntry, source: HuggingFaceFile, place: Path) -> None:
        remote = self._server.look_up(source)
        if model.sha256 and remote.sha256 not in (None, model.sha256):
            raise ModelCommandError(
                f"{self._server.name} has another {source.file} than the manifest names: its SHA-256 there is {remote.sha256}, "
                f"the manifest says {model.sha256}. Nothing was downloaded"
            )
        partial = self._begin(source, remote)
        start = partial.stat().st_size if partial.exists() else 0
        self._check_room(remote.size - start)
        if start:
            self._observer.say(f"{model.id}: goes on at {decimal(start)} of {decimal(remote.size)}")
        with self._observer.downloading(model.id, remote.size, start) as tell:
            self._server.fetch(source, remote, partial, tell)
        self._observer.say(f"{model.id}: all of it came, and is compared with its checksum")
        digest = self._checked(model, remote, partial)
        self._put_in_place(partial, place)
        self._checksums.remember(place, digest)
        Receipts(self._files.cache).keep(Receipt(source.repository, source.file, remote.revision, digest))
        self._observer.say(f"{model.id}: {decimal(remote.size)} in {place}")

    def _begin(self, source: HuggingFaceFile, remote: RemoteFile) -> Path:
        """The unfinished file to go on with; what was begun of another content is of no use any more."""
        partial = self._workplace.partial(source, remote.etag)
        for other in self._workplace.partials(source):
            if other != partial or other.stat().st_size > remote.size:
                other.unlink()
        return partial

    def _check_room(self, needed: int) -> None:
        cache = self._files.cache.expanduser()
        free = shutil.disk_usage(cache).free
        if free < needed + SPARE_BYTES:
            raise ModelCommandError(
                f"{decimal(needed)} are to come and {decimal(free)} are free in {cache}: make room (`assistant models rm`), or "
                "name another directory with ASSISTANT_MODEL_CACHE"
            )

    def _checked(self, model: ModelEntry, remote: RemoteFile, partial: Path) -> str:
        """The checksum of what came; a wrong file is removed."""
        digest = sha256_of(partial)
        expected = model.sha256 or remote.sha256
        if expected not in (None, digest):
            partial.unlink()
            said = "the manifest says" if model.sha256 else f"{self._server.name} states"
            raise ModelCommandError(
                f"what came is not {partial.name.partition('.gguf')[0]}: its SHA-256 is {digest}, {said} {expected}. It was removed; "
                "try again, and if it stays so, something between here and there changes files"
            )
        if model.sha256 is None:
            self._observer.say(self._how_checked(model, remote, digest))
        return digest

    def _how_checked(self, model: ModelEntry, remote: RemoteFile, digest: str) -> str:
        if remote.sha256 is None:
            return (
                f"note: nobody states a checksum of {model.id}, so only its size was checked; its SHA-256 is {digest}"
            )
        return (
            f"note: the manifest pins no checksum of {model.id}; checked against the one that {self._server.name} states "
            f"(commit {remote.revision[:12]}, SHA-256 {digest})"
        )

    def _put_in_place(self, partial: Path, place: Path) -> None:
        # After a power cut the name must not stand for a file whose bytes never reached the disk.
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(place)

    def _is_here(self, model: ModelEntry, place: Path) -> bool:
        if not place.is_file():
            return False
        if model.sha256 in (None, self._checksums.of(place)):
            self._observer.say(f"{model.id} is here already: {place}")
            return True
        self._observer.say(f"{place} is not the file that the manifest names, and is replaced")
        return False

    def _needs_no_download(self, model: ModelEntry) -> str:
        try:
            return f"{model.id} needs no download: {self._files.find(model)}"
        except ModelMissing as error:
            raise ModelCommandError(str(error)) from None

    def _wait_for_the_other(self, model: ModelEntry) -> None:
        self._observer.say(f"{model.id} is being downloaded by another process already: waiting for it")

    def _disk_trouble(self, error: OSError) -> str:
        cache = self._files.cache.expanduser()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"the disk of {cache} is full: make room, and the same command goes on where it stopped"
        if error.errno is None:
            # The library's own: fewer or more bytes came than were announced.
            return "the download ended too early: the same command goes on where it stopped"
        return f"cannot write in {cache}: {error.strerror} (ASSISTANT_MODEL_CACHE names another directory)"
