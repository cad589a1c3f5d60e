"""`assistant logs`."""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from stack.commands.options import DataDir, Demo, meant_directory, plain_errors
from stack.errors import StackError

POLL_SECONDS = 0.3


def logs(
    part: Annotated[str | None, typer.Argument(help="One part; all when left out.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes; Ctrl-C ends it.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the newest lines of each part.")] = 50,
    data_dir: DataDir = None,
    demo: Demo = False,
) -> None:
    """Show what the parts wrote. No log holds the text of a message."""
    with plain_errors():
        files = _chosen_files(meant_directory(data_dir, demo=demo).logs, part)
    width = 0 if part else max(len(file.stem) for file in files)
    for file in files:
        for line in deque(file.read_text(errors="replace").splitlines(), maxlen=lines):
            _show(file, line, width)
    if follow:
        for file, line in _new_lines(files):
            _show(file, line, width)


def _chosen_files(directory: Path, part: str | None) -> list[Path]:
    files = sorted(directory.glob("*.log")) if directory.is_dir() else []
    if not files:
        raise StackError(f"there are no logs in {directory}: nothing has run there")
    names = [file.stem for file in files]
    if part is not None and part not in names:
        raise StackError(f"there is no part {part!r}; there are {', '.join(names)}")
    return [file for file in files if part in (None, file.stem)]


def _show(file: Path, line: str, width: int) -> None:
    typer.echo(f"{file.stem:<{width}} | {line}" if width else line)


def _new_lines(files: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield lines as they are written, also after a log was rotated."""
    readers = {file: file.open(errors="replace") for file in files}
    for reader in readers.values():
        reader.seek(0, 2)
    while True:
        for file, reader in readers.items():
            yield from ((file, line.rstrip("\n")) for line in reader)
            if file.exists() and file.stat().st_ino != os.fstat(reader.fileno()).st_ino:
                reader.close()
                readers[file] = file.open(errors="replace")
        time.sleep(POLL_SECONDS)
