"""`assistant`: the whole system on one machine."""

import importlib.metadata
from pathlib import Path
from typing import Annotated

import typer
from dotenv import load_dotenv

from stack.commands import accounts, models
from stack.commands.demo_data import demo_data
from stack.commands.down import down
from stack.commands.logs import logs
from stack.commands.migrate import migrate
from stack.commands.status import status
from stack.commands.up import up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    # Its local variables may hold passwords.
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(importlib.metadata.version("conversation-assistant"))
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Conversation Assistant, self-hosted: drafts replies in your own voice, on your own machine."""
    # What is set in the environment itself wins.
    load_dotenv(Path.cwd() / ".env")


app.command("up")(up)
app.command("down")(down)
app.command("status")(status)
app.command("logs")(logs)
app.command("migrate")(migrate)
app.command("demo-data")(demo_data)
app.add_typer(accounts.app, name="accounts")
app.add_typer(models.app, name="models")
