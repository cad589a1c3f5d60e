"""What the menu says, out of what the agent does. No message, no name and no handle is ever in it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from agent.reporting import Trouble
from agent.status.record import State, Status

_LONGEST_LINE: Final = 90


class Action(StrEnum):
    """What a person may choose."""

    SYNC_NOW = "sync-now"
    PAUSE = "pause"
    RESUME = "resume"
    PAIR = "pair"
    OPEN = "open"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Item:
    """One line. Without an action it only says something; without a title it separates."""

    title: str = ""
    action: Action | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Menu:
    """What is in the menu bar itself, and what opens below it."""

    symbol: str
    """The name of one of Apple's symbols."""
    title: str
    """Beside the symbol, and mostly empty: the menu bar is short."""
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class PairingView:
    """A pairing that waits for its owner, or how the last one ended."""

    code: str = ""
    where: str = ""
    until: datetime | None = None
    ended: str = ""


_SYMBOLS: Final = {
    State.STARTING: "bubble.left.and.bubble.right",
    State.SYNCING: "arrow.triangle.2.circlepath",
    State.CHECKING: "arrow.triangle.2.circlepath",
    State.IDLE: "bubble.left.and.bubble.right",
    State.PAUSED: "pause.circle",
    State.TROUBLE: "exclamationmark.triangle",
    State.STOPPED: "stop.circle",
}


def menu_of(status: Status, pairing: PairingView, now: datetime) -> Menu:
    """Return the menu of this moment."""
    items = (
        Item(_shortened(state_line(status))),
        Item(f"Last synced: {_when(status.last_sync_at, now)}"),
        *_pairing_lines(pairing),
        Item(),
        Item("Sync now", Action.SYNC_NOW, _can_sync(status)),
        Item("Resume", Action.RESUME) if status.paused else Item("Pause", Action.PAUSE),
        Item("Pair again…" if status.device_id else "Pair…", Action.PAIR, enabled=not pairing.code),
        Item("Open Conversation Assistant", Action.OPEN, enabled=bool(status.server)),
        Item(),
        Item("Quit", Action.QUIT),
    )
    return Menu(_SYMBOLS[status.state], _title(status), items)


def state_line(status: Status) -> str:
    """Return what the agent does, in one line."""
    percent = f": {status.progress.fraction:.0%}" if status.progress else ""
    match status.state:
        case State.TROUBLE:
            return status.text
        case State.SYNCING:
            return f"Sending messages{percent}"
        case State.CHECKING:
            return f"Comparing with the server{percent}"
        case State.IDLE:
            return "Up to date"
        case State.PAUSED:
            return "Paused: nothing leaves this Mac"
        case State.STARTING:
            return "Starting"
        case State.STOPPED:
            return f"Stopped: {status.text}" if status.text else "Stopped"


def _title(status: Status) -> str:
    return f"{status.progress.fraction:.0%}" if status.state is State.SYNCING and status.progress else ""


def _can_sync(status: Status) -> bool:
    return not status.paused and status.trouble is not Trouble.NOT_PAIRED


def _pairing_lines(pairing: PairingView) -> tuple[Item, ...]:
    if pairing.code:
        until = f" before {pairing.until.astimezone():%H:%M}" if pairing.until else ""
        digits = f"{pairing.code[:3]} {pairing.code[3:]}"
        return (Item(), Item(f"Code: {digits}"), Item(_shortened(f"Type it at {pairing.where}{until}")))
    return (Item(), Item(_shortened(pairing.ended))) if pairing.ended else ()


def _when(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    local, today = moment.astimezone(), now.astimezone().date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"yesterday, {local:%H:%M}" if (today - local.date()).days == 1 else f"{local:%Y-%m-%d, %H:%M}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else text[: _LONGEST_LINE - 1].rstrip() + "…"
