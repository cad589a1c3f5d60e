"""`assistant models`: which models are on this machine. The work is done by model_files."""

import os
import re
import sys
from typing import Annotated, NoReturn

import typer

from stack.commands.options import DataDir, Demo, meant_directory
from stack.data_directory import DataDirectory
from stack.plan.child_environment import MODELS, child_environment
from stack.settings import model_choice

app = typer.Typer(
    no_args_is_help=True,
    help="List, download, check and remove models. Only `pull` uses the network; nothing has to run.",
)
ModelId = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]
# How a terminal is spoken to.
TERMINAL = re.compile(r"^(TERM|COLORTERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR)$")


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    data_dir: DataDir = None,
    demo: Demo = False,
) -> None:
    """List the models: licence, size, where the file is; * marks the one that the settings mean."""
    _model_files("list", *(["--json"] if as_json else []), demo=_means_demo(meant_directory(data_dir, demo=demo)))


@app.command()
def pull(model_id: ModelId) -> None:
    """Download a model into the model cache (ASSISTANT_MODEL_CACHE), or go on with an interrupted download.

    HF_TOKEN, HF_ENDPOINT and HTTPS_PROXY are honoured. A worker that waits for the model takes it by itself.
    """
    _model_files("pull", model_id)


@app.command()
def verify(
    model_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="All that are here when left out.")
    ] = None,
) -> None:
    """Read files anew and compare their checksums. Exit status 1: at least one is not as it should be."""
    _model_files("verify", *(model_ids or []))


@app.command("rm")
def remove_model(
    model_id: ModelId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data_dir: DataDir = None,
    demo: Demo = False,
) -> None:
    """Remove a downloaded model, also one that is not finished. Files of packages and of your own stay."""
    demo_meant = _means_demo(meant_directory(data_dir, demo=demo))
    _model_files("rm", model_id, *(["--yes"] if yes else []), demo=demo_meant)


def _means_demo(directory: DataDirectory) -> bool:
    return directory == DataDirectory.default(demo=True)


def _model_files(*arguments: str, demo: bool = False) -> NoReturn:
    """Become that program, so that the terminal and its Ctrl-C are its own."""
    environment = child_environment(os.environ, MODELS, TERMINAL) | model_choice(os.environ, demo=demo)
    command = [sys.executable, "-m", "model_files", *arguments]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)
