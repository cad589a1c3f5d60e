"""Model files on this machine: the manifest, where a model's file is, and its checksum."""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from model_files.manifest import (
    HuggingFaceFile,
    LocalFile,
    Manifest,
    ManifestError,
    ModelEntry,
    parse_manifest,
)

DEFAULT_CACHE = Path("~/.cache/lilith-models")
_MANIFEST = Path(__file__).with_name("models.toml")


class ModelMissing(Exception):
    """The model's file is not on this machine; the message says in one line what to do."""


def load_manifest(path: Path = _MANIFEST) -> Manifest:
    """Read the manifest. Raises ManifestError."""
    try:
        return parse_manifest(tomllib.loads(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"the manifest {path.name} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Finds the files of models, with one directory for those that were downloaded or put there by hand."""

    manifest: Manifest
    cache: Path

    def find(self, model: ModelEntry) -> Path:
        """The model's file. Raises ModelMissing when it is not here."""
        path = self.place(model)
        if path is None or not path.is_file():
            raise ModelMissing(self._what_to_do(model, path))
        return path

    def place(self, model: ModelEntry) -> Path | None:
        """Where the model's file is or would be; None when the package that carries it is not installed."""
        source = model.source
        if isinstance(source, LocalFile):
            return Path(source.path).expanduser()
        if isinstance(source, HuggingFaceFile):
            return self.cache.expanduser() / source.file
        # find_spec alone, so that none of the package's own code runs.
        spec = importlib.util.find_spec(source.package)
        if spec is None or not spec.submodule_search_locations:
            return None
        return Path(spec.submodule_search_locations[0]) / source.file

    def _what_to_do(self, model: ModelEntry, path: Path | None) -> str:
        source = model.source
        if isinstance(source, LocalFile):
            return f"model file {path} does not exist"
        if isinstance(source, HuggingFaceFile):
            without = " or ".join(f"ML_SERVICE_MODEL_ID={model_id}" for model_id in self.manifest.offline())
            return (
                f"model {model.id} is not on this machine: run `assistant models pull {model.id}`, or put {source.file} "
                f"(huggingface.co/{source.repository}) at {path}, or use {without}, which needs no download"
            )
        return f"model {model.id} is in the Python package {source.package}, which is not installed or not complete"


@dataclass(frozen=True, slots=True)
class Checksums:
    """SHA-256 of model files, remembered by path, size and time of change, since gigabytes take seconds to read."""

    cache: Path

    def of(self, path: Path) -> str:
        """The file's SHA-256 in hex. Raises OSError when it cannot be read."""
        known = self._note(path)
        try:
            if len(digest := known.read_text("ascii").strip()) == 64:
                return digest
        except OSError:
            pass
        return self.read(path)

    def read(self, path: Path) -> str:
        """The same, but read anew: a failing disk changes bytes and not the time."""
        known = self._note(path)
        digest = sha256_of(path)
        write_atomically(known, digest)
        return digest

    def remember(self, path: Path, digest: str) -> None:
        """Spare the next one the reading of a file that was read under another name."""
        write_atomically(self._note(path), digest)

    def _note(self, path: Path) -> Path:
        stat = path.stat()
        key = f"{path.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}"
        return self.cache.expanduser() / "checksums" / hashlib.sha256(key.encode()).hexdigest()[:32]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Remember it if that is possible; a read-only cache costs time, not the model."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError:
        return
