"""`assistant accounts`: the operator's hold on who has an account. The work is device_svc's."""

import subprocess
import sys
from typing import Annotated

import typer

from stack.commands.installed import reachable_installation
from stack.commands.options import DataDir, Demo, meant_directory, plain_errors
from stack.data_directory import DataDirectory
from stack.owner_password import OwnerPassword
from stack.plan.services import service_environment

FIRST_ACCOUNT = "owner"

app = typer.Typer(no_args_is_help=True, help="Add and list accounts, reset passwords. The stack has to be running.")
Name = Annotated[str, typer.Argument(help="The name to sign in with.")]


@app.command()
def add(name: Name, data_dir: DataDir = None, demo: Demo = False) -> None:
    """Make an account. Its password is asked for, or made and shown once where there is no terminal."""
    _device_svc(meant_directory(data_dir, demo=demo), "add", name)


@app.command("list")
def list_accounts(data_dir: DataDir = None, demo: Demo = False) -> None:
    """List the accounts."""
    _device_svc(meant_directory(data_dir, demo=demo), "list")


@app.command()
def reset_password(name: Name, data_dir: DataDir = None, demo: Demo = False) -> None:
    """Set another password and end all sessions of the account."""
    directory = meant_directory(data_dir, demo=demo)
    _device_svc(directory, "reset-password", name)
    if name == FIRST_ACCOUNT:
        # The one kept for a later showing is not the owner's any more.
        OwnerPassword(directory.secrets).was_told()


def _device_svc(directory: DataDirectory, *arguments: str) -> None:
    with plain_errors():
        environment = service_environment(reachable_installation(directory), "device")
    done = subprocess.run([sys.executable, "-m", "device_svc.accounts", *arguments], env=environment, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
