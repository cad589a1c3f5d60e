"""How a download looks: a bar at a terminal, a line for each tenth anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

Tell = Callable[[int], None]

_STEPS = 10


class Screen:
    """Where the operator looks."""

    def say(self, line: str) -> None:
        """Show one line."""
        typer.echo(line)

    @contextmanager
    def downloading(self, name: str, size: int, start: int) -> Iterator[Tell]:
        """Give a function that hears how many bytes are there."""
        console = Console()
        if console.is_terminal:
            with _bar(console) as bar:
                task = bar.add_task(name, total=size, completed=start)
                yield lambda done: bar.update(task, completed=done)
        else:
            yield _Tenths(name, size, start, self.say)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


class _Tenths:
    """Says each tenth once."""

    def __init__(self, name: str, size: int, start: int, say: Callable[[str], None]) -> None:
        self._name = name
        self._size = max(size, 1)
        self._say = say
        self._told = start * _STEPS // self._size

    def __call__(self, done: int) -> None:
        step = done * _STEPS // self._size
        if step > self._told:
            self._told = step
            self._say(f"{self._name}: {decimal(done)} of {decimal(self._size)}")
