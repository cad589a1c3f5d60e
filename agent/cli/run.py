"""`assistant-agent run`: what the installed service starts."""

import asyncio
import logging
import os
import signal
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from agent import __version__
from agent.cli.options import chosen
from agent.cli.running import plain_errors
from agent.cli.wiring import follow
from agent.controls import Controls
from agent.credential import Credential
from agent.errors import UsageError
from agent.folders import Folders
from agent.lifecycle import AgentLifecycle, Work
from agent.log import bound_crash_log, open_log, place_of
from agent.machine import this_machine
from agent.menu_bar.background import BackgroundLoop
from agent.menu_bar.controller import MenuController, View
from agent.menu_bar.pairing import MenuPairing
from agent.pairing import Registration, rest_client
from agent.pairing import pair as pair_device
from agent.pairing_mark import mark_pairing, pairing_stamp
from agent.program import this_program
from agent.reporting import Reporters
from agent.running_agent import RunningAgent
from agent.sentences import LineReporter
from agent.settings import INTERVAL
from agent.status.record import Status
from agent.status.reporter import StatusReporter, read_status


def run(
    menu_bar: Annotated[bool, typer.Option("--menu-bar", help="Show the agent in the menu bar (macOS).")] = False,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", help="Log into this file, and keep it and three older ones small.")
    ] = None,
) -> None:
    """Keep this Mac in sync for good, as the installed service does.

    Stays whatever happens: a database that cannot be read, a server that is away, a token that was revoked. Says what it is
    in `assistant-agent status`, and goes on by itself.
    """
    with plain_errors():
        folders = Folders.of()
        view = _view() if menu_bar else None
        with RunningAgent(folders.lock_file):
            bound_crash_log(folders.crash_log_file)
            logger = open_log(log_file.expanduser() if log_file else None)
            agent = _Agent.put_together(folders, logger)
            try:
                if view is None:
                    _run_alone(agent)
                else:
                    _run_with(view, agent)
            except Exception as error:
                # Only its kind and its place: its text could hold a message. The service starts a new process.
                text = f"stopped by an unexpected error: {place_of(error)}"
                logger.error(text)
                agent.status.ended(text)
                raise typer.Exit(1) from None
            agent.status.ended()
            logger.info("Stopped.")


@dataclass
class _Agent:
    """The parts of a running agent that commands and signals reach."""

    logger: logging.Logger
    status: StatusReporter
    controls: Controls
    lifecycle: AgentLifecycle
    was_paused: bool

    @classmethod
    def put_together(cls, folders: Folders, logger: logging.Logger) -> "_Agent":
        before = read_status(folders.status_file) or Status()
        status = StatusReporter(folders.status_file, _first_status(before), INTERVAL)
        reporter = Reporters([status, LineReporter(logger.info, quiet_when_nothing=True)])
        controls = Controls()

        async def work_on(work: Work, credential: Credential) -> None:
            settings = work.settings
            status.works_for(work.server, credential.device_id, settings.chat_db, settings.interval)
            await follow(settings, work.store, credential, reporter, controls)

        lifecycle = AgentLifecycle(_read_work, work_on, reporter, controls)
        return cls(logger, status, controls, lifecycle, before.paused)

    async def run(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._note)
        self.logger.info(f"Agent {__version__} runs.")
        await self.lifecycle.run()

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.logger.error(f"in the background: {place_of(error) if error else 'no exception'}")


def _read_work() -> Work:
    work = chosen()
    return Work(work.settings, str(work.server), work.store, pairing_stamp(work.folders.pairing_mark))


def _first_status(before: Status) -> Status:
    return Status(
        last_sync_at=before.last_sync_at,
        passes=before.passes,
        server=before.server,
        device_id=before.device_id,
        database=before.database,
        version=__version__,
        program=str(this_program()),
        process_id=os.getpid(),
        started_at=datetime.now(UTC),
    )


def _run_alone(agent: _Agent) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(agent.run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        loop.add_signal_handler(signal.SIGUSR1, agent.controls.sync_now)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    asyncio.run(main())


def _run_with(view: View, agent: _Agent) -> None:
    """Run the agent in a thread, and the menu bar here."""
    background = BackgroundLoop(agent.run, view.stop)
    pairing = MenuPairing(_pair_for(agent), lambda: str(chosen().server))
    controller = MenuController(
        agent.status,
        agent.controls,
        lambda: pairing.view,
        lambda: pairing.start(background.loop),
        webbrowser.open,
        background.stop,
    )
    if agent.was_paused:
        # Whoever paused it did not mean until the next login.
        agent.controls.pause()
        agent.status.pause_is(True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: background.stop())
    signal.signal(signal.SIGUSR1, lambda *_: agent.controls.sync_now())
    background.start()
    view.run(controller)
    background.stop()
    background.result()


def _pair_for(agent: _Agent) -> Callable[[Callable[[Registration], None]], Any]:
    async def pair(show: Callable[[Registration], None]) -> None:
        work = chosen()
        store = work.store
        store.prepare()
        async with rest_client(work.server, work.settings.ca_file) as client:
            store.save(await pair_device(client, work.server, this_machine(work.settings.name), show))
        mark_pairing(work.folders.pairing_mark)
        agent.controls.sync_now()  # wakes the lifecycle, which looks for a token then

    return pair


def _view() -> View:
    if sys.platform != "darwin":
        raise UsageError("--menu-bar is for macOS; leave it out here")
    try:
        from agent.menu_bar.appkit import AppKitView
    except ImportError as error:
        raise UsageError("--menu-bar needs the package pyobjc-framework-Cocoa; install the `agent` extra") from error
    return AppKitView()
