"""A benchmark's result: a number beside a limit or a peer that was measured in the same run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One number. `reference` says what it is compared with, `ratio` is to that, `aim` is what the ratio should be."""

    name: str
    value: float
    unit: str
    reference: str = ""
    ratio: float | None = None
    aim: str = ""


def print_table(title: str, rows: Iterable[Row]) -> None:
    """Print rows for a person."""
    table = Table(title=title, title_justify="left")
    for heading in ("", "value", "unit", "compared with", "ratio", "aim"):
        table.add_column(heading, justify="right" if heading in ("value", "ratio") else "left")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(
            row.name,
            f"{row.value:,.4g}" if row.value < 1000 else f"{row.value:,.0f}",
            row.unit,
            row.reference,
            ratio,
            row.aim,
        )
    Console(width=140).print(table)
