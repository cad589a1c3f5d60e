"""The status file's content. `assistant-agent status --json` prints it; docs/AGENT.md lists the fields."""

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

from agent.reporting import Summary, Trouble

_FORMAT: Final = 1


class State(StrEnum):
    """What the agent does."""

    STARTING = "starting"
    SYNCING = "syncing"
    CHECKING = "checking"
    IDLE = "idle"
    PAUSED = "paused"
    TROUBLE = "trouble"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work has come, in rows of the Messages database."""

    first: int
    row: int
    last: int

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1."""
        span = self.last - self.first
        return min(1.0, max(0.0, (self.row - self.first) / span)) if span > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass that found something, and when it ended."""

    at: datetime
    summary: Summary


@dataclass(frozen=True, slots=True)
class Status:
    """One moment of an agent's life."""

    state: State = State.STARTING
    since: datetime | None = None
    trouble: Trouble | None = None
    text: str = ""
    """One line for a person: what is wrong and what to do."""
    paused: bool = False
    """Somebody paused it, and has not resumed it since."""
    progress: Progress | None = None
    last_sync_at: datetime | None = None
    next_full_by: datetime | None = None
    """When everything will have been looked at again, whether or not it changes."""
    passes: tuple[Pass, ...] = ()
    """The newest first."""
    server: str = ""
    device_id: str = ""
    database: str = ""
    version: str = ""
    program: str = ""
    process_id: int = 0
    started_at: datetime | None = None
    extra: dict[str, Any] = field(default_factory=dict, compare=False)
    """What a later version wrote."""

    def to_json(self) -> str:
        """Return the text of the status file, which `from_json` reads."""
        values = asdict(self)
        del values["extra"]
        values["passes"] = [{"at": entry.at, **asdict(entry.summary)} for entry in self.passes]
        return json.dumps({"format": _FORMAT, **values}, default=_plain, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raise ValueError if the text is not a status."""
        try:
            values = json.loads(text)
            known = {field.name: values.pop(field.name) for field in fields(cls) if field.name in values}
            for name in ("since", "last_sync_at", "next_full_by", "started_at"):
                known[name] = _moment(known.get(name))
            known["state"] = State(known["state"])
            known["trouble"] = Trouble(known["trouble"]) if known.get("trouble") else None
            known["progress"] = Progress(**known["progress"]) if known.get("progress") else None
            known["passes"] = tuple(_pass(entry) for entry in known.get("passes", ()))
            return cls(**{**known, "extra": values})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a status") from error


def _pass(values: dict[str, Any]) -> Pass:
    at = _moment(values.pop("at"))
    if at is None:
        raise ValueError("a pass without its time")
    return Pass(at, Summary(**values))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(value)
