"""Runs a command's work: stops it cleanly when told, and tells what goes wrong in one line."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

from agent.controls import Controls
from agent.errors import AgentError, ExitCode

_T = TypeVar("_T")


def run_to_the_end(work: Coroutine[Any, Any, _T], controls: Controls | None = None) -> _T:
    """Run to the end, or until Ctrl-C or SIGTERM, which both let everything be closed. SIGUSR1 asks for a pass now."""

    async def main() -> _T:
        task = asyncio.ensure_future(work)
        if controls is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, controls.sync_now)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise typer.Exit(ExitCode.INTERRUPTED) from None


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an AgentError into one line on stderr and its exit code."""
    try:
        yield
    except AgentError as error:
        typer.echo(f"assistant-agent: {error}", err=True)
        raise typer.Exit(error.exit_code) from error
