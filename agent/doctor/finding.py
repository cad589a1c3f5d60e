"""What one look found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination: what was looked at, what was seen, and what to do about it."""

    check: str
    level: Level
    saw: str
    do: str = ""
