"""What was downloaded: kept beside the files, so that they can be checked later without a network."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from model_files.files import write_atomically
from model_files.manifest import HuggingFaceFile


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a file came from, at which commit, and its checksum when it came."""

    repository: str
    file: str
    revision: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts in a model cache."""

    cache: Path

    def keep(self, receipt: Receipt) -> None:
        """Keep it, if that is possible."""
        write_atomically(self._place(receipt.file), json.dumps(asdict(receipt), indent=1))

    def of(self, source: HuggingFaceFile) -> Receipt | None:
        """The receipt of this file, or None when it was put there by hand."""
        try:
            receipt = Receipt(**json.loads(self._place(source.file).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return receipt if receipt.repository == source.repository else None

    def drop(self, source: HuggingFaceFile) -> None:
        """Forget it."""
        self._place(source.file).unlink(missing_ok=True)

    def _place(self, file: str) -> Path:
        return self.cache.expanduser() / "receipts" / f"{file.replace('/', '--')}.json"
