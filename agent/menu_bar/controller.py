"""Joins the menu with the agent: what it shows, and what each choice does."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from agent.controls import Controls
from agent.menu_bar.menu import Action, Menu, PairingView, menu_of
from agent.status.reporter import StatusReporter


class View(Protocol):
    """Draws the menu. macOS wants it on the main thread."""

    def run(self, controller: "MenuController") -> None:
        """Show the controller's menu until `stop`."""

    def stop(self) -> None:
        """End `run`; from any thread."""


class MenuController:
    """May be used from the main thread while the agent's loop runs in another."""

    def __init__(
        self,
        status: StatusReporter,
        controls: Controls,
        pairing: Callable[[], PairingView],
        start_pairing: Callable[[], None],
        open_address: Callable[[str], object],
        quit_agent: Callable[[], None],
    ) -> None:
        self._status = status
        self._controls = controls
        self._pairing = pairing
        self._start_pairing = start_pairing
        self._open_address = open_address
        self._quit_agent = quit_agent

    def menu(self) -> Menu:
        """Return the menu as it should look now."""
        return menu_of(self._status.status, self._pairing(), datetime.now(UTC))

    def act(self, action: Action) -> None:
        """Do what was chosen."""
        match action:
            case Action.SYNC_NOW:
                self._controls.sync_now()
            case Action.PAUSE:
                self._controls.pause()
                self._status.pause_is(True)
            case Action.RESUME:
                self._status.pause_is(False)
                self._controls.resume()
            case Action.PAIR:
                self._start_pairing()
            case Action.OPEN:
                self._open_address(self._status.status.server)
            case Action.QUIT:
                self._quit_agent()
