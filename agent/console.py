"""Shows the person at the terminal what happens; says little when there is none."""

from datetime import datetime
from typing import Final

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from agent.pairing import Registration
from agent.reporting import Summary, Trouble
from agent.sentences import LineReporter
from agent.server_url import ServerUrl

_WORTH_A_BAR: Final = 500  # rows; less is done before a bar can be read


class ConsoleReporter:
    """Implements Reporter: a progress bar in a terminal, single lines elsewhere."""

    def __init__(self, console: Console, *, quiet_when_nothing: bool) -> None:
        self._console = console
        self._lines = LineReporter(self.say, quiet_when_nothing=quiet_when_nothing)
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._title = ""
        self._first = 0

    def started(self, first: int, last: int) -> None:
        """Show a bar over the rows of the pass."""
        self.close()
        self._first = first
        self._show("Sending messages", last - first)

    def reached(self, row: int) -> None:
        """Move the bar to this row."""
        self._move_to(row)

    def checking(self, row: int, last: int) -> None:
        """Show a bar over the comparison, and move it to this row."""
        self._first = 0
        self._show("Comparing with the server", last)
        self._move_to(row)

    def waiting(self, seconds: float, reason: str) -> None:
        """Say what is away, once."""
        self._lines.waiting(seconds, reason)

    def finished(self, summary: Summary) -> None:
        """Take the bar away and say what the pass did."""
        self.close()
        self._lines.finished(summary)

    def trouble(self, what: Trouble, text: str) -> None:
        """Say what stands in the way, once."""
        self._lines.trouble(what, text)

    def well(self) -> None:
        """Say that it is over, if something was in the way."""
        self._lines.well()

    def say(self, text: str) -> None:
        """Print a line, with the local time in front of it where the output is no terminal."""
        stamp = "" if self._console.is_terminal else f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} "
        self._console.print(f"{stamp}{text}", highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the progress bar away."""
        if self._progress is not None:
            self._progress.stop()
        self._progress = None

    def _show(self, title: str, rows: int) -> None:
        """Have a bar of this title, if it is worth one."""
        if self._progress is not None and title == self._title:
            return
        self.close()
        if self._console.is_terminal and rows >= _WORTH_A_BAR:
            columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._task = self._progress.add_task("", total=rows)
            self._title = title
            self._progress.start()

    def _move_to(self, row: int) -> None:
        if self._progress is not None:
            self._progress.update(self._task, completed=row - self._first)


def show_registration(console: Console, server: ServerUrl, registration: Registration) -> None:
    """Present the digits so that they can be read across a room, or by a script from the line `Code: 123456`."""
    until = f"{registration.expires_at.astimezone():%H:%M}"
    if not console.is_terminal:
        console.print(f"Code: {registration.code}", highlight=False)
        console.print(f"Type it at {server}/devices before {until}.", highlight=False, soft_wrap=True)
        return
    digits = Text("  ".join(registration.code[:3]) + "     " + "  ".join(registration.code[3:]), style="bold green")
    console.print()
    console.print(Panel(digits, title="Pair this Mac", padding=(1, 6), expand=False))
    console.print(f"Open [bold]{server}/devices[/bold], sign in, and type these six digits.")
    console.print(f"They are good until {until}. Waiting… (Ctrl-C gives up)", highlight=False)
