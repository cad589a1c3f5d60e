"""The view's own steps, with Apple's frameworks replaced: that the code runs, and what it asks for. Not that macOS draws it."""

import importlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest

from agent.menu_bar.menu import Action, Menu, PairingView, menu_of
from agent.status.record import State, Status


class NSObject:
    """As much of it as a Python subclass needs."""

    @classmethod
    def alloc(cls) -> "NSObject":
        return cls()

    def init(self) -> "NSObject":
        return self


class ScriptedController:
    """Implements what the view uses of MenuController."""

    def __init__(self) -> None:
        self.status = Status(state=State.IDLE)
        self.acted: list[Action] = []

    def menu(self) -> Menu:
        return menu_of(self.status, PairingView(), datetime(2026, 3, 14, tzinfo=UTC))

    def act(self, action: Action) -> None:
        self.acted.append(action)


@pytest.fixture
def frameworks(monkeypatch: pytest.MonkeyPatch) -> Iterator[MagicMock]:
    apple = MagicMock()
    objc = MagicMock()
    objc.python_method = lambda method: method
    apple.Foundation.NSObject = NSObject
    tools = ModuleType("PyObjCTools")
    tools.AppHelper = apple.AppHelper  # type: ignore[attr-defined]
    for name, module in (
        ("AppKit", apple.AppKit),
        ("Foundation", apple.Foundation),
        ("objc", objc),
        ("PyObjCTools", tools),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    yield apple
    sys.modules.pop("agent.menu_bar.appkit", None)


@pytest.fixture
def view(frameworks: MagicMock) -> Any:
    sys.modules.pop("agent.menu_bar.appkit", None)
    return importlib.import_module("agent.menu_bar.appkit").AppKitView()


def titles(frameworks: MagicMock) -> list[str]:
    make = frameworks.AppKit.NSMenuItem.alloc().initWithTitle_action_keyEquivalent_
    return [call.args[0] for call in make.call_args_list]


def test_the_menu_is_drawn_and_the_loop_run(view: Any, frameworks: MagicMock):
    controller = ScriptedController()

    view.run(controller)

    assert titles(frameworks) == [item.title for item in controller.menu().items if item.title]
    frameworks.AppKit.NSApplication.sharedApplication().run.assert_called_once_with()
    frameworks.AppKit.NSStatusBar.systemStatusBar().removeStatusItem_.assert_called_once()


def test_it_is_drawn_again_only_when_it_changed(view: Any, frameworks: MagicMock):
    controller = ScriptedController()
    view.run(controller)
    drawn = len(titles(frameworks))

    view.refresh()
    same = len(titles(frameworks))
    controller.status = Status(state=State.SYNCING)
    view.refresh()

    assert same == drawn
    assert "Sending messages" in titles(frameworks)[drawn:]


def test_a_click_reaches_the_controller(view: Any, frameworks: MagicMock):
    controller = ScriptedController()
    view.run(controller)
    sender = MagicMock()
    sender.representedObject.return_value = "sync-now"

    view._target.chosen_(sender)

    assert controller.acted == [Action.SYNC_NOW]


def test_stopping_lets_the_loop_return_instead_of_ending_the_process(view: Any, frameworks: MagicMock):
    view.stop()
    stop = frameworks.AppHelper.callAfter.call_args.args[0]
    stop()

    app = frameworks.AppKit.NSApplication.sharedApplication()
    app.stop_.assert_called_once_with(None)
    app.postEvent_atStart_.assert_called_once()
    app.terminate_.assert_not_called()
