"""What each choice in the menu does, and how the menu bar and the agent's loop live together."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, current_thread, main_thread

import pytest

from agent.controls import Controls
from agent.errors import NotPaired
from agent.menu_bar.background import BackgroundLoop
from agent.menu_bar.controller import MenuController
from agent.menu_bar.menu import Action, PairingView
from agent.menu_bar.pairing import MenuPairing
from agent.pairing import Registration
from agent.reporting import Summary
from agent.status.record import State, Status
from agent.status.reporter import StatusReporter
from tests.deadline import eventually


@dataclass
class Choices:
    """A menu and what its choices led to."""

    status: StatusReporter
    controls: Controls = field(default_factory=Controls)
    did: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.controller = MenuController(
            self.status,
            self.controls,
            PairingView,
            lambda: self.did.append("pair"),
            lambda address: self.did.append(f"open {address}"),
            lambda: self.did.append("quit"),
        )


@pytest.fixture
def choices(tmp_path: Path) -> Choices:
    status = StatusReporter(tmp_path / "status.json", Status(server="https://a.example"), 300)
    status.finished(Summary())
    return Choices(status)


def test_pausing_and_resuming(choices: Choices):
    choices.controller.act(Action.PAUSE)
    paused = (choices.controls.paused, choices.status.status.state)
    choices.controller.act(Action.RESUME)

    assert paused == (True, State.PAUSED)
    assert (choices.controls.paused, choices.status.status.state) == (False, State.IDLE)
    assert choices.controls.take_sync_wanted()


def test_syncing_now(choices: Choices):
    choices.controller.act(Action.SYNC_NOW)

    assert choices.controls.take_sync_wanted()


@pytest.mark.parametrize(
    ("action", "did"), [(Action.PAIR, "pair"), (Action.OPEN, "open https://a.example"), (Action.QUIT, "quit")]
)
def test_the_other_choices(choices: Choices, action: Action, did: str):
    choices.controller.act(action)

    assert choices.did == [did]


def test_the_menu_is_that_of_the_moment(choices: Choices):
    before = choices.controller.menu().items[0].title
    choices.status.started(0, 100)

    assert (before, choices.controller.menu().items[0].title) == ("Up to date", "Sending messages: 0%")


def test_the_agent_runs_beside_the_menu_bar_and_ends_with_it():
    ended = Event()
    threads: list[str] = []

    async def work() -> None:
        threads.append(current_thread().name)
        await asyncio.Event().wait()

    background = BackgroundLoop(work, ended.set)
    background.start()
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), background.loop).result(30)
    background.stop()
    background.result()

    assert threads == ["agent"]
    assert current_thread() is main_thread()
    assert ended.is_set()
    background.stop()  # once more is no harm


def test_an_agent_that_breaks_down_takes_the_menu_bar_with_it():
    ended = Event()

    async def work() -> None:
        raise ZeroDivisionError

    background = BackgroundLoop(work, ended.set)
    background.start()

    assert ended.wait(30)
    with pytest.raises(ZeroDivisionError):
        background.result()


async def test_pairing_shows_its_digits_and_then_that_it_is_done():
    approved = asyncio.Event()
    until = datetime.now(UTC) + timedelta(minutes=10)

    async def pair(show: Callable[[Registration], None]) -> None:
        show(Registration("device-1", "482913", until))
        await approved.wait()

    pairing = MenuPairing(pair, lambda: "https://a.example")
    pairing.start(asyncio.get_running_loop())
    pairing.start(asyncio.get_running_loop())  # a second click
    await eventually(lambda: bool(pairing.view.code))
    shown = pairing.view
    approved.set()
    await eventually(lambda: bool(pairing.view.ended))

    assert shown == PairingView("482913", "https://a.example/devices", until)
    assert pairing.view == PairingView(ended="Paired")


async def test_a_pairing_that_fails_says_why_and_can_be_tried_again():
    async def pair(show: Callable[[Registration], None]) -> None:
        raise NotPaired("nobody typed the digits in time")

    pairing = MenuPairing(pair, lambda: "https://a.example")
    pairing.start(asyncio.get_running_loop())
    await eventually(lambda: bool(pairing.view.ended))
    said = pairing.view.ended
    pairing.start(asyncio.get_running_loop())
    await eventually(lambda: pairing.view.ended == said)

    assert said == "Not paired: nobody typed the digits in time"
