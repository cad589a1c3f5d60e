"""What a part of the stack is, and how it stands right now."""

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Health(StrEnum):
    """What a part says about itself."""

    READY = "ready"
    LIMITED = "limited"  # It lives but cannot do its work, and waiting or the operator will help, not a restart.
    SILENT = "silent"


@dataclass(frozen=True)
class CheckResult:
    """One answer to "how are you"."""

    health: Health
    detail: str = ""


class PartState(StrEnum):
    """Where a part is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    LIMITED = "limited"
    SILENT = "silent"
    RESTARTING = "restarting"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


Check = Callable[[], Awaitable[CheckResult]]


@dataclass(frozen=True)
class Part:
    """One program of the stack.

    Without a `check` it runs once, and its success is its exit status 0. Without a `command` the operator runs the program at
    the address that the variable `named_by` gives, and it is only watched.
    """

    name: str
    command: Callable[[], Sequence[str]] | None
    check: Check | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    needs: tuple[str, ...] = ()
    prepare: Callable[[], None] | None = None
    address: str = ""
    named_by: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    # Seconds from the signal to the end by force.
    stop_seconds: float = 4.0
    # Seconds from the start until the first check has to succeed.
    start_seconds: float = 120.0
    # A part that may fail for good while the rest stays useful.
    vital: bool = True
    # Whether a limited part counts as started: the rest of the product runs without a model.
    starts_limited: bool = False
    # Exit statuses after which another try is of no use, with what to tell the operator.
    final_exits: Mapping[int, str] = field(default_factory=dict)


@dataclass
class PartStatus:
    """How a part stands, as `assistant status` shows it."""

    name: str
    state: PartState = PartState.WAITING
    detail: str = ""
    address: str = ""
    process_id: int | None = None
    # When the process started, by its own clock: a process id alone may belong to another program later.
    process_started: float | None = None
    stop_signal: int = signal.SIGTERM
    restarts: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the fields as the state file keeps them."""
        return {**vars(self), "state": self.state.value}


class PartGaveUp(Exception):
    """A part that the stack cannot do without failed for good."""

    def __init__(self, name: str, reason: str, last_lines: Sequence[str]) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason
        self.last_lines = list(last_lines)
