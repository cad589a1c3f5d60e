"""What the menu says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.menu_bar.menu import Action, Item, Menu, PairingView, menu_of, state_line
from agent.reporting import Trouble
from agent.status.record import Progress, State, Status

NOW = datetime(2026, 3, 14, 11, 0, tzinfo=UTC)
WELL = Status(state=State.IDLE, last_sync_at=NOW, server="https://a.example", device_id="device-1")


def menu(status: Status = WELL, pairing: PairingView | None = None) -> Menu:
    return menu_of(status, pairing or PairingView(), NOW)


def item(of: Menu, action: Action) -> Item:
    return next(item for item in of.items if item.action is action)


def titles(of: Menu) -> list[str]:
    return [item.title for item in of.items]


def test_when_all_is_well_it_is_short_and_everything_can_be_chosen():
    shown = menu()

    assert titles(shown) == [
        "Up to date",
        f"Last synced: {NOW.astimezone():%H:%M}",
        "",
        "Sync now",
        "Pause",
        "Pair again…",
        "Open Conversation Assistant",
        "",
        "Quit",
    ]
    assert all(item.enabled for item in shown.items if item.action)
    assert shown.title == ""


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (replace(WELL, state=State.STARTING), "Starting"),
        (replace(WELL, state=State.SYNCING, progress=Progress(0, 42, 100)), "Sending messages: 42%"),
        (replace(WELL, state=State.CHECKING, progress=Progress(0, 10, 100)), "Comparing with the server: 10%"),
        (replace(WELL, state=State.PAUSED), "Paused: nothing leaves this Mac"),
        (replace(WELL, state=State.TROUBLE, trouble=Trouble.SERVER_AWAY, text="no answer"), "no answer"),
        (replace(WELL, state=State.STOPPED, text="by an error"), "Stopped: by an error"),
        (replace(WELL, state=State.STOPPED), "Stopped"),
    ],
)
def test_each_state_has_its_line_and_its_symbol(status: Status, line: str):
    assert state_line(status) == line
    assert titles(menu(status))[0] == line
    assert menu(status).symbol


def test_while_much_is_sent_the_bar_itself_shows_how_far():
    assert menu(replace(WELL, state=State.SYNCING, progress=Progress(0, 42, 100))).title == "42%"


def test_while_paused_it_can_be_resumed_and_does_not_sync():
    shown = menu(replace(WELL, state=State.PAUSED, paused=True))

    assert not item(shown, Action.SYNC_NOW).enabled
    assert item(shown, Action.RESUME).title == "Resume"
    assert Action.PAUSE not in [item.action for item in shown.items]


def test_what_is_paused_can_be_resumed_whatever_else_is_wrong():
    shown = menu(replace(WELL, state=State.TROUBLE, trouble=Trouble.SERVER_AWAY, text="no answer", paused=True))

    assert item(shown, Action.RESUME).title == "Resume"


def test_an_agent_that_is_not_paired_offers_that_first():
    shown = menu(Status(state=State.TROUBLE, trouble=Trouble.NOT_PAIRED, text="this Mac is not paired"))

    assert item(shown, Action.PAIR) == Item("Pair…", Action.PAIR)
    assert not item(shown, Action.SYNC_NOW).enabled
    assert not item(shown, Action.OPEN).enabled
    assert "Last synced: never" in titles(shown)


def test_the_digits_of_a_pairing_are_in_the_menu():
    until = NOW + timedelta(minutes=10)
    shown = menu(pairing=PairingView("482913", "https://a.example/devices", until))

    assert "Code: 482 913" in titles(shown)
    assert f"Type it at https://a.example/devices before {until.astimezone():%H:%M}" in titles(shown)
    assert not item(shown, Action.PAIR).enabled


def test_how_a_pairing_ended_is_said():
    assert "Paired" in titles(menu(pairing=PairingView(ended="Paired")))


def test_a_long_line_is_cut():
    shown = menu(replace(WELL, state=State.TROUBLE, trouble=Trouble.CANNOT_READ, text="word " * 60))

    assert len(titles(shown)[0]) <= 90
    assert titles(shown)[0].endswith("…")


@pytest.mark.parametrize(("days", "begins"), [(1, "yesterday, "), (3, "2026-03-")])
def test_an_older_sync_says_its_day(days: int, begins: str):
    shown = menu(replace(WELL, last_sync_at=NOW - timedelta(days=days)))

    assert titles(shown)[1].startswith(f"Last synced: {begins}")
