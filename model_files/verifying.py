"""`assistant models verify`: whether files are what they should be, read from the disk anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model_files.errors import ModelCommandError
from model_files.files import Checksums, ModelFiles
from model_files.manifest import HuggingFaceFile, ModelEntry
from model_files.receipts import Receipts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one model."""

    is_right: bool
    words: str


def verify(files: ModelFiles, model: ModelEntry) -> Verdict:
    """Compare the model's file with the manifest, or where that pins nothing with what was right when it was pulled."""
    place = files.place(model)
    if place is None or not place.is_file():
        return Verdict(False, f"{model.id}: not here")
    digest = _digest(files, place)
    expected, said_by = _expectation(files, model)
    if expected is None:
        return Verdict(True, f"{model.id}: nothing to compare with; SHA-256 {digest}")
    if digest != expected:
        return Verdict(False, f"{model.id}: DIFFERS: {place} has SHA-256 {digest}, {said_by} {expected}")
    return Verdict(True, f"{model.id}: as {said_by}")


def _digest(files: ModelFiles, place: Path) -> str:
    try:
        return Checksums(files.cache).read(place)
    except OSError as error:
        raise ModelCommandError(f"{place} cannot be read: {error.strerror}") from None


def _expectation(files: ModelFiles, model: ModelEntry) -> tuple[str | None, str]:
    if model.sha256:
        return model.sha256, "the manifest says"
    receipt = Receipts(files.cache).of(model.source) if isinstance(model.source, HuggingFaceFile) else None
    return (receipt.sha256, "it was when it was pulled:") if receipt else (None, "")
