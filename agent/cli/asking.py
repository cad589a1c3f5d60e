"""Asks before something is removed."""

import sys

import typer

from agent.errors import ExitCode, UsageError


def confirm(question: str, *, yes: bool) -> None:
    """Return if the person agrees; else the command ends, and not with 0: a script must not go on."""
    if yes:
        return
    try:
        agreed = typer.confirm(question, default=False)
    except typer.Abort:
        if sys.stdin.isatty():
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        raise UsageError("nobody is there to ask; add --yes if you mean it") from None
    if not agreed:
        typer.echo("Nothing was changed.")
        raise typer.Exit(ExitCode.FAILED)
