"""`assistant migrate`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from stack.commands.installed import reachable_installation
from stack.commands.options import DataDir, Demo, meant_directory, plain_errors, running_state
from stack.credentials import load_credentials
from stack.data_directory import DataDirectory
from stack.embedded.postgres import STOP_SIGNAL, PostgresInstance
from stack.embedded.running import child_process, wait_until
from stack.plan.addresses import Addresses
from stack.plan.installation import Installation
from stack.plan.stores import migration_environment
from stack.settings import load_settings
from stack.supervisor.state_file import DataDirectoryLock


def migrate(data_dir: DataDir = None, demo: Demo = False) -> None:
    """Bring the database up to date; `up` does it by itself. Without a running stack, PostgreSQL runs just for this."""
    with plain_errors():
        directory = meant_directory(data_dir, demo=demo)
        with _database(directory) as plan:
            command = [sys.executable, "-m", "svc_kit.migrations"]
            done = subprocess.run(command, env=dict(plan.environment) | migration_environment(plan), check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
    typer.echo("the database is up to date")


@contextmanager
def _database(directory: DataDirectory) -> Iterator[Installation]:
    if load_settings().external_database is not None or running_state(directory) is not None:
        yield reachable_installation(directory)
        return
    directory.create()
    with DataDirectoryLock(directory.lock_file):
        plan = Installation(
            directory, load_settings(), load_credentials(directory.secrets), Addresses.choose(), dict(os.environ)
        )
        server = PostgresInstance(directory.postgres, plan.addresses.postgres, plan.credentials.database_owner)
        server.prepare()
        log = directory.logs / "postgres.log"
        with child_process(server.command(), log, STOP_SIGNAL) as child:
            wait_until(server.is_ready, child, log)
            yield plan
