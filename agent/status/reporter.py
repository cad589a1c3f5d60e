"""Keeps the status file as the agent goes on."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from agent.private_file import write_private
from agent.reporting import Summary, Trouble
from agent.status.record import Pass, Progress, State, Status
from agent.troubles import ENDED_BY_A_PASS

_PASSES_KEPT: Final = 10
_SECONDS_BETWEEN_WRITES: Final = 1.0  # of progress; a change of state is written at once


def _now() -> datetime:
    return datetime.now(UTC)


class StatusReporter:
    """Implements Reporter. `status` may be read, and `pause_is` called, from any thread."""

    def __init__(
        self,
        path: Path,
        status: Status,
        interval: float,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._interval = timedelta(seconds=interval)
        self._now = now
        self._clock = clock
        self._lock = Lock()
        self._work = State.STARTING
        self._ended = False
        self._written_at = float("-inf")
        self._status = replace(status, state=State.STARTING, since=now(), paused=False)
        self._write()

    @property
    def status(self) -> Status:
        """The status of this moment."""
        return self._status

    def started(self, first: int, last: int) -> None:
        """Show the pass, when it has rows to send."""
        if last > first:
            self._change(State.SYNCING, progress=Progress(first, first, last), **self._reached_the_server())

    def reached(self, row: int) -> None:
        """Show how far the pass is; the server has answered."""
        before = self._status.progress
        progress = Progress(before.first, row, max(row, before.last)) if before else None
        self._change(self._work, progress=progress, **self._reached_the_server())

    def checking(self, row: int, last: int) -> None:
        """Show how far the comparison is; the server has answered."""
        self._change(State.CHECKING, progress=Progress(0, row, last), **self._reached_the_server())

    def waiting(self, seconds: float, reason: str) -> None:
        """Show that the server is away."""
        self._change(self._work, trouble=Trouble.SERVER_AWAY, text=reason)

    def finished(self, summary: Summary) -> None:
        """Show that nothing is left to do, and keep the pass if it found something."""
        at = self._now()
        passes = self._status.passes
        if summary != Summary(kept=summary.kept, unreadable=summary.unreadable):
            passes = (Pass(at, summary), *passes)[:_PASSES_KEPT]
        over = {"trouble": None, "text": ""} if self._status.trouble in ENDED_BY_A_PASS else {}
        by = at + self._interval
        self._change(State.IDLE, progress=None, last_sync_at=at, next_full_by=by, passes=passes, **over)

    def trouble(self, what: Trouble, text: str) -> None:
        """Show what stands in the way."""
        over = {"progress": None} if what in ENDED_BY_A_PASS else {}  # the pass broke off
        self._change(self._work, trouble=what, text=text, **over)

    def well(self) -> None:
        """Show that nothing stands in the way."""
        self._change(self._work, trouble=None, text="")

    def works_for(self, server: str, device_id: str, database: Path, interval: float) -> None:
        """Say whom the agent works for from now on."""
        self._interval = timedelta(seconds=interval)
        who = {"server": server, "device_id": device_id, "database": str(database)}
        self._change(self._work, progress=None, **who)

    def pause_is(self, paused: bool) -> None:
        """Show whether a person has paused the agent."""
        self._change(self._work, paused=paused)

    def ended(self, text: str = "") -> None:
        """Say that the agent ends; the text says why, if nobody wanted it to."""
        self._ended = True
        self._change(self._work, progress=None, next_full_by=None, **({"text": text} if text else {}))

    def _reached_the_server(self) -> dict[str, object]:
        away = self._status.trouble is Trouble.SERVER_AWAY
        return {"trouble": None, "text": ""} if away else {}

    def _change(self, work: State, **values: object) -> None:
        with self._lock:
            self._work = work
            before = self._status
            after = replace(before, **values)  # type: ignore[arg-type] # each caller above names fields
            state = self._state(after)
            self._status = replace(after, state=state, since=before.since if state is before.state else self._now())
            only_progress = replace(self._status, progress=before.progress) == before
            if not only_progress or self._clock() >= self._written_at + _SECONDS_BETWEEN_WRITES:
                self._write()

    def _state(self, status: Status) -> State:
        if self._ended:
            return State.STOPPED
        if status.paused and status.progress is None:
            return State.PAUSED
        return State.TROUBLE if status.trouble else self._work

    def _write(self) -> None:
        try:
            write_private(self._path, self._status.to_json(), durable=False)
        except OSError:
            return  # a full disk: the messages go on, and who asks for the status sees an old one
        self._written_at = self._clock()


def read_status(path: Path) -> Status | None:
    """Return what the last agent wrote, or None where none ever ran, or where something else lies there."""
    try:
        return Status.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
