"""Looks many values up in a few statements."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

# SQLite's own limit was 999 until 2020; fewer, larger statements are no quicker.
_MOST: Final = 500


def in_lists(values: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the marks for an `IN (…)` and the values for them, a part at a time."""
    for start in range(0, len(values), _MOST):
        part = values[start : start + _MOST]
        yield ",".join("?" * len(part)), part
