"""`assistant models rm`: what it would remove, and the removing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model_files.errors import ModelCommandError
from model_files.files import ModelFiles
from model_files.manifest import HuggingFaceFile, ModelEntry, PackagedFile
from model_files.receipts import Receipts
from model_files.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Removal:
    """The files of one model that are the cache's own."""

    model: ModelEntry
    source: HuggingFaceFile
    paths: tuple[Path, ...]

    @property
    def size(self) -> int:
        """How many bytes it frees."""
        return sum(path.stat().st_size for path in self.paths)


def plan_removal(files: ModelFiles, model: ModelEntry, model_path: str) -> Removal:
    """Find what is the model's. Raises ModelCommandError for files that belong to somebody else."""
    source, place = model.source, files.place(model)
    if isinstance(source, PackagedFile):
        raise ModelCommandError(f"{model.id} is part of the Python package {source.package}: nothing was removed")
    if not isinstance(source, HuggingFaceFile) or place is None:
        raise ModelCommandError(f"{model.id} is a file of your own: nothing was removed")
    if model_path and _same_file(Path(model_path).expanduser(), place):
        raise ModelCommandError(f"ML_SERVICE_MODEL_PATH names {place}: unset it first; nothing was removed")
    finished = (place,) if place.is_file() else ()
    return Removal(model, source, (*finished, *Workplace(files.cache).partials(source)))


def remove(files: ModelFiles, removal: Removal) -> None:
    """Remove it. Raises ModelCommandError while it is being downloaded."""

    def refuse() -> None:
        raise ModelCommandError(f"{removal.model.id} is being downloaded: end that first; nothing was removed")

    try:
        with Workplace(files.cache).alone(removal.source, refuse):
            for path in removal.paths:
                path.unlink(missing_ok=True)
            Receipts(files.cache).drop(removal.source)
    except OSError as error:
        raise ModelCommandError(f"cannot remove {error.filename}: {error.strerror}") from None


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
