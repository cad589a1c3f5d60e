"""All commands under one name."""

from typing import Annotated

import typer

from agent import __version__
from agent.cli.doctor import doctor
from agent.cli.install import install
from agent.cli.options import EXIT_CODES
from agent.cli.pair import pair
from agent.cli.reset import reset
from agent.cli.run import run
from agent.cli.status import status
from agent.cli.sync import sync
from agent.cli.uninstall import uninstall
from agent.collector import collect_rarely

# Without rich's tracebacks: they print local variables, and those may hold messages.
app = typer.Typer(
    name="assistant-agent",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog=EXIT_CODES,
    help="Reads the Messages database of this Mac, strictly read-only, and keeps your own server up to date with it.",
)


@app.callback(invoke_without_command=True)
def main(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    """Keep the Mac's messages in step with a server."""
    collect_rarely()
    if version:
        typer.echo(__version__)
        raise typer.Exit


for command in (pair, sync, run, status, doctor, install, uninstall, reset):
    app.command(epilog=EXIT_CODES)(command)
