"""`assistant status`."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from stack.commands.options import DataDir, Demo, meant_directory, plain_errors, running_state
from stack.display import parts_table
from stack.supervisor.part import PartState, PartStatus

WHOLE, NOT_WHOLE, NOT_RUNNING = 0, 1, 3


def status(
    data_dir: DataDir = None,
    demo: Demo = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show how each part is. Exit status 0: all work; 1: something does not; 3: nothing runs."""
    with plain_errors():
        directory = meant_directory(data_dir, demo=demo)
        state = running_state(directory)
        if state is None:
            typer.echo(json.dumps({"phase": "not running"}) if as_json else f"nothing runs on {directory.root}")
            raise typer.Exit(NOT_RUNNING)
        if as_json:
            typer.echo(json.dumps(vars(state), indent=1))
        else:
            console = Console(highlight=False)
            console.print(
                f"{state.url}  {state.phase}, process {state.process_id}, data in {directory.root}", soft_wrap=True
            )
            console.print(parts_table([_status(part) for part in state.parts]))
        whole = all(part["state"] in (PartState.READY, PartState.DONE) for part in state.parts)
        raise typer.Exit(WHOLE if whole else NOT_WHOLE)


def _status(part: dict[str, Any]) -> PartStatus:
    return PartStatus(**{**part, "state": PartState(part["state"])})
