"""Looks at what is installed here: the service, the process, the files."""

import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agent.doctor.finding import Finding, Level
from agent.folders import Folders
from agent.program import is_framework_build
from agent.reporting import Trouble
from agent.running_agent import running_process
from agent.service import ServiceManager
from agent.status.reporter import read_status

_LOGS_WORTH_A_WORD: Final = 20_000_000
_DRAWS_NO_FRAMEWORK_BUILD: Final = 26
# Everything is synced all the same.
_HARMLESS: Final = {Trouble.CLOCK_SKEW, Trouble.TOKEN_NOT_SAVED}


def examine_service(manager: ServiceManager) -> Finding:
    """Say whether the system starts the agent."""
    state = manager.state()
    if not state.installed:
        return Finding("service", Level.WARN, "not installed: nothing starts the agent", "assistant-agent install")
    command = manager.command()
    if not command or not Path(command[0]).exists():
        saw = f"{state.definition} starts a program that is gone: {command[0] if command else 'none'}"
        return Finding("service", Level.FAIL, saw, "assistant-agent install")
    if not state.loaded:
        saw = f"{state.definition} is there, and {manager.name} has not loaded it"
        return Finding(
            "service",
            Level.FAIL,
            f"{saw}; {state.note}" if state.note else saw,
            "assistant-agent install, or log in anew",
        )
    if state.process_id is None:
        return Finding("service", Level.FAIL, f"loaded, but not running; {state.note}", "assistant-agent install")
    return Finding("service", Level.OK, f"{manager.name} runs it (process {state.process_id})")


def examine_agent(folders: Folders, how_to_allow: str) -> Finding:
    """Say what the agent that runs says. macOS may let a terminal read, and not the agent."""
    process = running_process(folders.lock_file)
    status = read_status(folders.status_file)
    if process is None:
        return Finding("agent", Level.WARN, "none runs now", "assistant-agent install, or assistant-agent sync")
    if status is None or status.process_id != process:
        return Finding("agent", Level.OK, f"a sync runs in a terminal (process {process})")
    if status.trouble is None:
        return Finding("agent", Level.OK, f"process {process} is {status.state}")
    do = how_to_allow if status.trouble is Trouble.CANNOT_READ else ""
    level = Level.WARN if status.trouble in _HARMLESS else Level.FAIL
    return Finding("agent", level, f"process {process} says: {status.text}", do)


def examine_logs(folder: Path) -> Finding:
    """Say how much the logs take."""
    try:
        size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    except OSError:
        return Finding("disk", Level.OK, "no logs")
    saw = f"the logs take {size / 1e6:.1f} MB in {folder}"
    if size > _LOGS_WORTH_A_WORD:
        return Finding("disk", Level.WARN, saw, "remove them; the agent makes new ones")
    return Finding("disk", Level.OK, saw)


def examine_menu_bar(command: Sequence[str]) -> Finding | None:
    """Say why the menu bar stays empty, if this is one of the Pythons with which it does."""
    if sys.platform != "darwin" or "--menu-bar" not in command:
        return None
    version = platform.mac_ver()[0].split(".")[0]
    if is_framework_build() and version.isdigit() and int(version) >= _DRAWS_NO_FRAMEWORK_BUILD:
        return Finding(
            "menu-bar",
            Level.WARN,
            f"macOS {version} may draw nothing there for this Python, a framework build (python.org's, Homebrew's)",
            "all else works; for the menu install with another Python, such as uv's: see docs/AGENT.md",
        )
    return Finding("menu-bar", Level.OK, "this Python can draw there")
