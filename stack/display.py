"""How a running stack looks: a living table in a terminal, one line for each change anywhere else."""

import contextlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stack.supervisor.part import PartGaveUp, PartState, PartStatus

MARKS = {
    PartState.WAITING: ("·", "dim"),
    PartState.STARTING: ("…", "cyan"),
    PartState.READY: ("●", "green"),
    PartState.DONE: ("✓", "green"),
    PartState.LIMITED: ("◐", "yellow"),
    PartState.SILENT: ("○", "yellow"),
    PartState.RESTARTING: ("↻", "yellow"),
    PartState.STOPPED: ("·", "dim"),
    PartState.FAILED: ("✗", "red"),
}


class Display:
    """Shows the parts of one run, and what the owner has to know."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._statuses: Sequence[PartStatus] = ()
        # Outside a terminal a table that redraws itself would be noise.
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    @property
    def is_terminal(self) -> bool:
        """Whether the output is a terminal."""
        return self._console.is_terminal

    def __enter__(self) -> "Display":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            # The terminal may be gone, and that must not be in the way of a clean end.
            with contextlib.suppress(OSError):
                self._live.stop()

    def show(self, statuses: Sequence[PartStatus]) -> None:
        """Take the parts, in the order in which they are listed."""
        self._statuses = statuses

    def changed(self, status: PartStatus) -> None:
        """Show that one part changed."""
        with contextlib.suppress(OSError):
            if self._live:
                self._live.update(parts_table(self._statuses), refresh=True)
            else:
                line = f"{status.name:<14}{status.state.value}"
                self._console.print(f"{line}: {status.detail}" if status.detail else line, soft_wrap=True, markup=False)

    def say(self, message: str | Panel) -> None:
        """Show something beside the parts."""
        with contextlib.suppress(OSError):
            self._console.print(message, soft_wrap=isinstance(message, str), highlight=False)

    def gave_up(self, failure: PartGaveUp, log: str) -> None:
        """Say which part failed for good, why, and with which last words."""
        lines = [
            f"{failure.name} {failure.reason}.",
            "",
            *failure.last_lines,
            "",
            f"Everything was stopped. Its whole log: {log}",
        ]
        if self._console.is_terminal:
            self.say(Panel(Text("\n".join(lines)), title="The stack gave up", border_style="red"))
        else:
            self._console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def parts_table(statuses: Sequence[PartStatus]) -> Table:
    """Return one line for each part."""
    table = Table.grid(padding=(0, 2))
    for status in statuses:
        mark, style = MARKS[status.state]
        again = f"(started again {status.restarts}×) " if status.restarts else ""
        table.add_row(
            Text(mark, style=style),
            status.name,
            Text(status.state.value, style=style),
            Text(again + (status.detail or status.address), style="dim", overflow="fold"),
        )
    return table


def script_to_activate() -> Path | None:
    """Return the script that brings `assistant` onto PATH, or None where it is there or this is no virtual environment."""
    script = Path(sys.prefix) / "bin" / "activate"
    if shutil.which("assistant") or not script.is_file():
        return None
    here = Path.cwd()
    return script.relative_to(here) if script.is_relative_to(here) else script


def welcome(url: str, password: str | None, *, demo: bool) -> Panel:
    """Return what a newcomer does next."""
    lines = [f"Open      [bold link={url}]{url}[/]"]
    if password:
        lines.append(f"Password  [bold]{password}[/]")
        lines.append(
            "[dim]          The demo shows it at each start.[/]"
            if demo
            else "[dim]          Shown this once: keep it.[/]"
        )
    if demo:
        lines += ["", "Sign in, open a conversation and press [bold]D[/] for a draft. Everybody in it is invented."]
    else:
        lines += ["", f"Then, on your Mac:  [bold]assistant-agent install --server {url}[/]"]
    if activate := script_to_activate():
        lines += ["", f"The commands are in a virtual environment; in each terminal, once:  [bold]source {activate}[/]"]
    lines += ["[dim]`assistant status` and `assistant logs` show more; `assistant down` or Ctrl-C stops everything.[/]"]
    return Panel("\n".join(lines), title="Conversation Assistant is up", border_style="green", expand=False)
