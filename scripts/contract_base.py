"""Finds the contract that clients may already rely on, which the present one must not break."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.setup.checkout import ROOT

IMAGE = "gen/assistant/api.binpb"


@dataclass(frozen=True)
class Base:
    """A revision and the contract's image at it."""

    revision: str
    image: Path


def contract_to_compare_with(scratch: Path) -> Base | None:
    """Return the last contract before the present work; None, with a line that says so, when there is none.

    On a branch that is where it left main; on main itself the last release or, before the first one, the parent commit.
    """
    for revision in _candidates():
        image = _git("show", f"{revision}:{IMAGE}")
        if image:
            path = scratch / "base.binpb"
            path.write_bytes(image)
            return Base(revision, path)
    print("  --  no earlier contract to compare with")
    return None


def _candidates() -> Iterator[str]:
    head = _line("rev-parse", "HEAD")
    for main in ("origin/main", "main"):
        base = _line("merge-base", "HEAD", main)
        if base and base != head:
            yield base[:12]
    release = _line("describe", "--tags", "--abbrev=0", "HEAD^")
    if release:
        yield release
    yield "HEAD^"


def _line(*arguments: str) -> str:
    return _git(*arguments).decode().strip()


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True).stdout
