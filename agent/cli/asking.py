"""Asks before something is removed."""

import typer

from agent.errors import UsageError


def confirm(question: str, *, yes: bool) -> None:
    """Return if the person agrees."""
    if yes:
        return
    try:
        agreed = typer.confirm(question, default=False)
    except typer.Abort:
        raise UsageError("nobody is there to ask; add --yes if you mean it") from None
    if not agreed:
        typer.echo("Nothing was changed.")
        raise typer.Exit(0)
