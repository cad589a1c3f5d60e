"""Options that several commands share, and the way a message for the operator is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stack.data_directory import DataDirectory
from stack.errors import StackError
from stack.supervisor.state_file import StackState, is_locked, read_state

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where everything is kept.", show_default="a directory of its own below your user data"
    ),
]
Demo = Annotated[bool, typer.Option("--demo", help="Mean the demo's installation.")]


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the operator can act on into one message and exit status 1."""
    try:
        yield
    except StackError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {error}", highlight=False)
        raise typer.Exit(1) from error


def meant_directory(data_dir: Path | None, *, demo: bool) -> DataDirectory:
    """Return the installation that a command without options means: the one that runs, else the real one."""
    if data_dir is not None or demo:
        return DataDirectory.chosen(data_dir, demo=demo)
    real, demo_directory = DataDirectory.default(), DataDirectory.default(demo=True)
    return demo_directory if not is_locked(real.lock_file) and is_locked(demo_directory.lock_file) else real


def running_state(directory: DataDirectory) -> StackState | None:
    """Return the state of the stack that runs on this directory, or None."""
    if not is_locked(directory.lock_file):
        return None
    return read_state(directory.state_file)
