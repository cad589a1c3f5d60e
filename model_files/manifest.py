"""The models this product knows: what the manifest says, checked, and which of them is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

DEFAULT_MODEL_ID = "ministral-3b-instruct"


class ManifestError(Exception):
    """The manifest or the choice of a model is wrong; the message is one line for people."""


class PromptStyle(Enum):
    """How a conversation is put to the model."""

    TRANSCRIPT = "transcript"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class HuggingFaceFile:
    """A file of a repository on Hugging Face."""

    repository: str
    file: str
    revision: str


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file that an installed Python package carries."""

    package: str
    file: str


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file somewhere on this machine."""

    path: str

    @property
    def file(self) -> str:
        """The file's name, without its folder."""
        return self.path.replace("\\", "/").rpartition("/")[2]


Source = HuggingFaceFile | PackagedFile | LocalFile


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model. `sha256` is None where it is not pinned."""

    id: str
    display_name: str
    source: Source
    licence: str
    prompt: PromptStyle
    context_size: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """All models, in the manifest's order."""

    models: tuple[ModelEntry, ...]

    def ids(self) -> tuple[str, ...]:
        """The ids, in the manifest's order."""
        return tuple(model.id for model in self.models)

    def get(self, model_id: str) -> ModelEntry:
        """The model with this id. Raises ManifestError that lists the known ones."""
        for model in self.models:
            if model.id == model_id:
                return model
        raise ManifestError(f"model {model_id!r} is not known; known models are {', '.join(self.ids())}")

    def offline(self) -> tuple[str, ...]:
        """The ids of the models that need no download."""
        return tuple(model.id for model in self.models if isinstance(model.source, PackagedFile))

    def choose(self, path: str, model_id: str) -> ModelEntry:
        """The model that the settings mean: a file, else an id, else the default.

        A file that has the name of a known model's file is taken for that model, though not for its pinned content.
        """
        if not path:
            return self.get(model_id or DEFAULT_MODEL_ID)
        source = LocalFile(path)
        for model in self.models:
            if model.source.file == source.file:
                return ModelEntry(
                    model.id, model.display_name, source, model.licence, model.prompt, model.context_size, None
                )
        return ModelEntry(source.file, source.file, source, "", PromptStyle.TRANSCRIPT, 0)


def parse_manifest(data: Mapping[str, Any]) -> Manifest:
    """Read the parsed TOML. Raises ManifestError that names the model and the key."""
    manifest = Manifest(tuple(_entry(entry) for entry in data.get("model", ())))
    ids = manifest.ids()
    twice = sorted({model_id for model_id in ids if ids.count(model_id) > 1})
    if not ids or twice:
        raise ManifestError(f"the manifest names {', '.join(twice)} twice" if twice else "the manifest names no model")
    return manifest


_KEYS = {"id", "display_name", "source", "licence", "prompt", "context_size", "sha256"}
_SOURCES: Sequence[tuple[frozenset[str], Any]] = (
    (frozenset({"hf", "file", "revision"}), lambda s: HuggingFaceFile(s["hf"], s["file"], s["revision"])),
    (frozenset({"package", "file"}), lambda s: PackagedFile(s["package"], s["file"])),
    (frozenset({"path"}), lambda s: LocalFile(s["path"])),
)


def _entry(entry: Mapping[str, Any]) -> ModelEntry:
    name = entry.get("id", "without an id")
    if wrong := sorted(entry.keys() - _KEYS) + sorted(_KEYS - {"sha256"} - entry.keys()):
        raise ManifestError(f"model {name}: unknown or missing key {wrong[0]!r}")
    sha256 = entry.get("sha256")
    if sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ManifestError(f"model {name}: sha256 is not 64 hex digits")
    return ModelEntry(
        id=str(name),
        display_name=str(entry["display_name"]),
        source=_source(name, entry["source"]),
        licence=str(entry["licence"]),
        prompt=_prompt(name, entry["prompt"]),
        context_size=int(entry["context_size"]),
        sha256=sha256,
    )


def _source(name: str, source: Mapping[str, str]) -> Source:
    for keys, make in _SOURCES:
        if source.keys() == keys:
            made: Source = make(source)
            return made
    raise ManifestError(f"model {name}: source has neither hf, file, revision nor package, file nor path")


def _prompt(name: str, style: str) -> PromptStyle:
    try:
        return PromptStyle(style)
    except ValueError:
        raise ManifestError(f"model {name}: prompt is neither transcript nor chat") from None
