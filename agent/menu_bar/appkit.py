"""Draws the menu with AppKit. Imported on macOS only.

Directly, and not through rumps: its last release is from 2022, and all that it would save is in this file.
A Python that is a framework build (python.org's and Homebrew's) draws nothing in the menu bar of macOS 26, and says nothing
of it, with rumps as without; `assistant-agent doctor` tells.
"""

import contextlib
from typing import Any, Final

import AppKit
import Foundation
import objc
from PyObjCTools import AppHelper

from agent.menu_bar.controller import MenuController
from agent.menu_bar.menu import Action, Item, Menu

_REFRESH_SECONDS: Final = 1.0


class _Target(Foundation.NSObject):  # type: ignore[misc] # AppKit carries no types
    """Takes the clicks and the timer; AppKit calls only its own kind of objects."""

    @objc.python_method  # type: ignore[untyped-decorator] # as above
    def belong_to(self, view: "AppKitView") -> "_Target":
        self._view = view
        return self

    def chosen_(self, sender: Any) -> None:
        self._view.chosen(str(sender.representedObject()))

    def tick_(self, _timer: Any) -> None:
        self._view.refresh()


class AppKitView:
    """Implements View."""

    def __init__(self) -> None:
        self._controller: MenuController | None = None
        self._shown: Menu | None = None
        self._target = _Target.alloc().init().belong_to(self)
        self._status_item: Any = None

    def run(self, controller: MenuController) -> None:
        """Show the icon and its menu until `stop`; the main thread is macOS's for as long."""
        self._controller = controller
        app = AppKit.NSApplication.sharedApplication()
        app.setActivationPolicy_(AppKit.NSApplicationActivationPolicyAccessory)  # no icon in the Dock
        # Without this, macOS lets a program without windows sleep, and new messages would wait with it.
        activity = Foundation.NSProcessInfo.processInfo().beginActivityWithOptions_reason_(
            Foundation.NSActivityUserInitiatedAllowingIdleSystemSleep, "keeps the server up to date"
        )
        bar = AppKit.NSStatusBar.systemStatusBar()
        self._status_item = bar.statusItemWithLength_(AppKit.NSVariableStatusItemLength)
        self.refresh()
        timer = Foundation.NSTimer.timerWithTimeInterval_target_selector_userInfo_repeats_(
            _REFRESH_SECONDS, self._target, "tick:", None, True
        )
        # In the common modes it also runs while the menu is open. It lets Python see signals, too.
        Foundation.NSRunLoop.mainRunLoop().addTimer_forMode_(timer, Foundation.NSRunLoopCommonModes)
        try:
            app.run()
        finally:
            timer.invalidate()
            bar.removeStatusItem_(self._status_item)
            Foundation.NSProcessInfo.processInfo().endActivity_(activity)

    def stop(self) -> None:
        """End `run`; from any thread."""
        AppHelper.callAfter(_stop)

    def chosen(self, action: str) -> None:
        """Do what the person chose, and draw the menu anew."""
        if self._controller is not None:
            self._controller.act(Action(action))
            self.refresh()

    def refresh(self) -> None:
        """Draw the menu, if it is another one than before."""
        if self._controller is None or (menu := self._controller.menu()) == self._shown:
            return
        self._shown = menu
        button = self._status_item.button()
        image = _symbol(menu.symbol)
        if image is not None:
            button.setImage_(image)
        button.setTitle_(menu.title if image is not None else menu.title or "CA")
        drawn = AppKit.NSMenu.alloc().init()
        drawn.setAutoenablesItems_(False)
        for item in menu.items:
            drawn.addItem_(self._drawn(item))
        self._status_item.setMenu_(drawn)

    def _drawn(self, item: Item) -> Any:
        if not item.title:
            return AppKit.NSMenuItem.separatorItem()
        selector = "chosen:" if item.action else None
        drawn = AppKit.NSMenuItem.alloc().initWithTitle_action_keyEquivalent_(item.title, selector, "")
        drawn.setEnabled_(bool(item.action) and item.enabled)
        if item.action:
            drawn.setTarget_(self._target)
            drawn.setRepresentedObject_(str(item.action))
        return drawn


def _stop() -> None:
    """Let `run` return. AppHelper.stopEventLoop would end the whole process at once, with nothing closed."""
    app = AppKit.NSApplication.sharedApplication()
    app.stop_(None)
    # The loop looks whether it shall stop only after an event.
    make = AppKit.NSEvent.otherEventWithType_location_modifierFlags_timestamp_windowNumber_context_subtype_data1_data2_
    app.postEvent_atStart_(make(AppKit.NSEventTypeApplicationDefined, (0, 0), 0, 0, 0, None, 0, 0, 0), True)


def _symbol(name: str) -> Any:
    image = None
    with contextlib.suppress(AttributeError):  # before macOS 11
        image = AppKit.NSImage.imageWithSystemSymbolName_accessibilityDescription_(name, "Conversation Assistant")
    if image is not None:
        image.setTemplate_(True)
    return image
