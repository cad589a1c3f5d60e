"""`assistant models list`: the models, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.filesize import decimal

from model_files.files import ModelFiles
from model_files.manifest import LocalFile, ModelEntry


@dataclass(frozen=True, slots=True)
class Row:
    """One model."""

    id: str
    name: str
    licence: str
    size: int | None
    file: str | None
    in_use: bool

    def as_json(self) -> dict[str, Any]:
        """For programs; `size` and `file` are null where the file is not here."""
        return asdict(self)

    def cells(self) -> tuple[str, ...]:
        """For people."""
        size = "" if self.size is None else decimal(self.size)
        return ("*" if self.in_use else " ", self.id, self.name, self.licence or "?", size, self.file or "not here")


def rows(files: ModelFiles, chosen: ModelEntry | None) -> list[Row]:
    """All models of the manifest, and the operator's own file when the settings name one."""
    own = [chosen] if chosen is not None and isinstance(chosen.source, LocalFile) else []
    return [_row(files, model, model == chosen) for model in [*own, *files.manifest.models]]


def aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Lines with each column as wide as its widest cell; the last one may be as long as it is."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _row(files: ModelFiles, model: ModelEntry, in_use: bool) -> Row:
    place = files.place(model)
    here = place is not None and place.is_file()
    size = place.stat().st_size if place is not None and here else None
    return Row(model.id, model.display_name, model.licence, size, str(place) if here else None, in_use)
