"""Shows the person at the terminal what happens; says little when there is none."""

from datetime import datetime
from typing import Final

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from agent.pairing import Registration
from agent.reporting import Summary
from agent.server_url import ServerUrl

_WORTH_A_BAR: Final = 500  # rows; less is done before a bar can be read


class ConsoleReporter:
    """Implements Reporter: a progress bar in a terminal, single lines elsewhere."""

    def __init__(self, console: Console, *, quiet_when_nothing: bool) -> None:
        self._console = console
        self._quiet_when_nothing = quiet_when_nothing
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._first = 0
        self._complaint = ""

    def started(self, first: int, last: int) -> None:
        self._first = first
        if self._console.is_terminal and last - first >= _WORTH_A_BAR:
            columns = (TextColumn("Sending messages"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._task = self._progress.add_task("", total=last - first)
            self._progress.start()

    def reached(self, row: int) -> None:
        if self._progress is not None:
            self._progress.update(self._task, completed=row - self._first)

    def waiting(self, seconds: float, reason: str) -> None:
        self.complain(f"{reason}; trying again")

    def finished(self, summary: Summary) -> None:
        self.close()
        if self._complaint:
            self.say("The server answers again.")
        self._complaint = ""
        if summary.sent:
            self.say(f"Sent {summary.sent:,} messages: {summary.inserted:,} new, {summary.updated:,} changed.")
        elif not self._quiet_when_nothing:
            self.say("Nothing new: the server has everything.")

    def complain(self, text: str) -> None:
        """Say what is wrong, once as long as it stays the same."""
        if text != self._complaint:
            self._complaint = text
            self.say(text)

    def say(self, text: str) -> None:
        stamp = "" if self._console.is_terminal else f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} "
        self._console.print(f"{stamp}{text}", highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the progress bar away."""
        if self._progress is not None:
            self._progress.stop()
        self._progress = None


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
