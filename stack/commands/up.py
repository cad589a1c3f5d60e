"""`assistant up`: everything, in the foreground or as a process of its own."""

import asyncio
import ipaddress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stack.commands.detached import start_detached
from stack.commands.options import DataDir, plain_errors, running_state
from stack.data_directory import DataDirectory
from stack.display import Display
from stack.edge.settings import Certificate
from stack.errors import StackError
from stack.run import StackRun, plan_run
from stack.supervisor.part import PartGaveUp
from stack.supervisor.state_file import AlreadyRunning, DataDirectoryLock


def up(
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="An installation apart, with an invented Messages database, a small packaged model, and an agent that is"
            " paired already. Its owner's password is shown at each start.",
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The one public port.")] = 8080,
    data_dir: DataDir = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on; another than loopback needs a certificate.")
    ] = "127.0.0.1",
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Go on in the background; `assistant down` stops it.")
    ] = False,
) -> None:
    """Start everything and keep it running; Ctrl-C stops it.

    The owner's password is shown once, at the first start. ASSISTANT_OWNER_PASSWORD chooses another. A PostgreSQL, Redis,
    model worker or Envoy of your own is used when DB_HOST, REDIS_URL, ML_SERVICE_URL or ENVOY_BIN names it. A file .env in
    the current directory is read.
    """
    with plain_errors():
        address = checked_address(host)
        certificate = checked_certificate(tls_cert, tls_key)
        require_safe(address, certificate, demo=demo)
        directory = DataDirectory.chosen(data_dir, demo=demo)
        directory.create()
        if detach:
            start_detached(directory, demo=demo, host=address, port=port, certificate=certificate)
        else:
            _run_here(directory, demo=demo, host=address, port=port, certificate=certificate)


def _run_here(directory: DataDirectory, *, demo: bool, host: str, port: int, certificate: Certificate | None) -> None:
    try:
        with DataDirectoryLock(directory.lock_file):
            plan = plan_run(directory, demo=demo, host=host, port=port, certificate=certificate)
            with Display(Console(highlight=False)) as display:
                try:
                    asyncio.run(StackRun(plan, display).run())
                except PartGaveUp as failure:
                    display.gave_up(failure, str(directory.logs / f"{failure.name}.log"))
                    raise typer.Exit(1) from failure
    except AlreadyRunning as held:
        raise already_running(directory) from held


def already_running(directory: DataDirectory) -> StackError:
    """Return what to say to a second `up`."""
    state = running_state(directory)
    where = f" at {state.url} (process {state.process_id})" if state else ""
    return StackError(
        f"the stack on {directory.root} runs already{where}; nothing was changed. `assistant down` stops it"
    )


def checked_address(host: str) -> str:
    """Return the IP address to listen on."""
    try:
        return str(ipaddress.ip_address("127.0.0.1" if host == "localhost" else host))
    except ValueError as wrong:
        raise StackError(f"--host {host}: give an IP address of this machine, such as 127.0.0.1 or 0.0.0.0") from wrong


def checked_certificate(chain: Path | None, key: Path | None) -> Certificate | None:
    """Return the certificate, if there is one and both of its files can be read."""
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        raise StackError("--tls-cert and --tls-key belong together: give both")
    for option, file in (("--tls-cert", chain), ("--tls-key", key)):
        if not file.is_file():
            raise StackError(f"{option}: there is no file {file}")
    return Certificate(chain.absolute(), key.absolute())


def require_safe(host: str, certificate: Certificate | None, *, demo: bool) -> None:
    """Refuse to carry messages and passwords over a network in the clear."""
    is_loopback = ipaddress.ip_address(host).is_loopback
    if demo and (not is_loopback or certificate):
        raise StackError(
            "the demo is for this machine only and speaks http: leave --host, --tls-cert and --tls-key out"
        )
    if is_loopback:
        return
    if certificate is None:
        raise StackError(
            f"--host {host}: other machines could reach it, and everything would cross the network in the clear. "
            "Give a certificate with --tls-cert and --tls-key, or leave --host out"
        )
