"""`assistant-agent status`."""

import json
from dataclasses import replace
from datetime import datetime

import typer
from rich.console import Console
from rich.text import Text

from agent.cli.options import JsonOption
from agent.errors import ExitCode
from agent.folders import Folders
from agent.menu_bar.menu import state_line
from agent.running_agent import running_process
from agent.sentences import sentence_of
from agent.status.record import State, Status
from agent.status.reporter import read_status
from agent.troubles import EXIT_CODES

_COLOURS = {State.TROUBLE: "yellow", State.STOPPED: "red", State.PAUSED: "yellow"}
_PASSES_SHOWN = 3


def status(as_json: JsonOption = False) -> None:
    """Say what the agent does: 0 when it is well, else the exit code of what stands in its way; 1 when it does not run."""
    folders = Folders.of()
    process = running_process(folders.lock_file)
    written = read_status(folders.status_file)
    is_alive = written is not None and written.process_id == process
    shown = _as_it_is(written or Status(state=State.STOPPED, text="no agent has run here yet"), is_alive)
    if as_json:
        typer.echo(json.dumps({**json.loads(shown.to_json()), "alive": is_alive}, indent=1))
    else:
        _show(shown, Console(highlight=False), is_alive, process)
    raise typer.Exit(_exit_code(shown, is_alive))


def _as_it_is(written: Status, is_alive: bool) -> Status:
    if is_alive or written.state is State.STOPPED:
        return written
    text = "it ended without saying so: killed, or the machine was switched off"
    return replace(written, state=State.STOPPED, trouble=None, text=text, progress=None, next_full_by=None)


def _exit_code(status: Status, is_alive: bool) -> int:
    if not is_alive:
        return ExitCode.FAILED
    return EXIT_CODES.get(status.trouble, 0) if status.trouble else 0


def _show(status: Status, console: Console, is_alive: bool, process: int | None) -> None:
    def line(label: str, text: str, style: str = "") -> None:
        if text:
            console.print(Text(f"{label:<10}").append(text, style=style), soft_wrap=True)

    line("State", state_line(status), _COLOURS.get(status.state, "green"))
    if status.trouble and status.state is not State.TROUBLE:
        line("Trouble", status.text)
    line("Synced", _time(status.last_sync_at) or "never")
    line("Next", f"by {_time(status.next_full_by)} at the latest" if status.next_full_by else "")
    for entry in status.passes[:_PASSES_SHOWN]:
        line("", f"{_time(entry.at)}  {sentence_of(entry.summary)}")
    line("Server", status.server)
    line("Device", status.device_id)
    line("Database", status.database)
    line("Agent", _agent_line(status, is_alive))
    if process and not is_alive:
        line("Also", f"a sync that somebody started in a terminal runs (process {process})")


def _agent_line(status: Status, is_alive: bool) -> str:
    if not status.version:
        return ""
    runs = f"process {status.process_id}, since {_time(status.started_at)}" if is_alive else "does not run"
    return f"{status.version}, {runs}, {status.program}"


def _time(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" if moment else ""
