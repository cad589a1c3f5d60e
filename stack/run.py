"""One run of the stack, from the lock on its data directory to the last part that stops."""

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psutil

from stack.credentials import load_credentials
from stack.data_directory import DataDirectory
from stack.display import Display, welcome
from stack.edge.settings import Certificate
from stack.errors import StackError
from stack.owner_password import OwnerPassword
from stack.plan.addresses import Addresses
from stack.plan.installation import Installation
from stack.plan.parts import all_parts
from stack.ports import is_taken
from stack.settings import load_settings
from stack.sign_in import is_refused
from stack.supervisor.leftovers import end_leftovers
from stack.supervisor.part import PartGaveUp, PartState, PartStatus
from stack.supervisor.part_log import PartLog
from stack.supervisor.state_file import StackState, read_state, write_state
from stack.supervisor.supervisor import Supervisor


def plan_run(
    directory: DataDirectory, *, demo: bool, host: str, port: int, certificate: Certificate | None
) -> Installation:
    """Decide everything that one run needs; the data directory exists and is locked."""
    former = read_state(directory.state_file)
    if former is not None:
        # They would still hold the port, and the database.
        end_leftovers(former)
    if is_taken(host, port):
        raise StackError(
            f"port {port} on {host} is taken by another program: stop that program, or choose another with --port"
        )
    settings = load_settings()
    chosen = settings.owner_password.get_secret_value() if settings.owner_password else None
    return Installation(
        directory=directory,
        settings=settings,
        credentials=load_credentials(directory.secrets),
        addresses=Addresses.choose(settings.workers),
        environment=dict(os.environ),
        host=host,
        port=port,
        certificate=certificate,
        demo=demo,
        owner_password=OwnerPassword(directory.secrets).for_this_start(chosen),
    )


class StackRun:
    """Runs the parts of one installation and keeps its state file true."""

    def __init__(self, plan: Installation, display: Display) -> None:
        self._plan = plan
        self._display = display
        me = psutil.Process()
        self._state = StackState(me.pid, me.create_time(), plan.url, plan.demo, addresses=_addresses(plan))
        self._shown: dict[str, tuple[PartState, str]] = {}
        self._log = PartLog(plan.directory.logs, "supervisor")
        self._supervisor = Supervisor(all_parts(plan), plan.directory.logs, self._changed)
        self._display.show(self._supervisor.statuses)

    async def run(self) -> None:
        """Run until a signal; raise PartGaveUp when a part failed for good."""
        self._publish("starting")
        stop = _stop_on_signals()
        greeting = asyncio.create_task(self._greet())
        closing = asyncio.create_task(self._announce_end(stop))
        try:
            await self._supervisor.run(stop)
        except PartGaveUp as failure:
            self._publish("failed", failure="\n".join([str(failure), *failure.last_lines]))
            raise
        else:
            self._publish("stopped")
        finally:
            for task in (greeting, closing):
                task.cancel()
            self._log.close()

    async def _greet(self) -> None:
        await self._supervisor.all_started()
        password = await self._password_to_show()
        self._publish("ready")
        kept = OwnerPassword(self._plan.directory.secrets)
        can_show = self._display.is_terminal
        if can_show:
            self._display.say(welcome(self._plan.url, password, demo=self._plan.demo))
        else:
            # What is not a terminal may be a log, and a password has no place there.
            self._display.say(f"ready: {self._plan.url}")
            if password:
                self._display.say(f"the owner's password is in {kept.file}")
        if password and can_show and not self._plan.demo:
            kept.was_told()

    async def _password_to_show(self) -> str | None:
        """Return the password if it is the owner's: a database from elsewhere may have an owner already."""
        plan, kept = self._plan, OwnerPassword(self._plan.directory.secrets)
        if plan.owner_password is None:
            return None
        chosen = plan.settings.owner_password
        if chosen is not None and chosen.get_secret_value() == plan.owner_password and not plan.demo:
            kept.was_told()
            return None
        if not plan.demo and await is_refused(plan, plan.owner_password):
            kept.was_told()
            return None
        return plan.owner_password

    async def _announce_end(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._publish("stopping")
        self._display.say("Stopping…")

    def _changed(self, status: PartStatus) -> None:
        # On a full disk the file stays as it was until the next change: no reason to stop what runs.
        with contextlib.suppress(OSError):
            self._publish(self._state.phase)
        shown = (status.state, status.detail)
        if self._shown.get(status.name) == shown:
            return
        self._shown[status.name] = shown
        self._log.write_line(_log_line(status).encode())
        self._display.changed(status)

    def _publish(self, phase: str, **changes: Any) -> None:
        parts = [status.as_json() for status in self._supervisor.statuses]
        self._state = replace(self._state, phase=phase, parts=parts, **changes)
        write_state(self._plan.directory.state_file, self._state)


def _addresses(plan: Installation) -> dict[str, Any]:
    return plan.addresses.as_json() | {"envoy_admin_socket": str(plan.directory.envoy_admin)}


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _log_line(status: PartStatus) -> str:
    fields = {"part": status.name, "state": status.state.value, "detail": status.detail, "pid": status.process_id}
    return json.dumps(
        {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **{k: v for k, v in fields.items() if v}}
    )
