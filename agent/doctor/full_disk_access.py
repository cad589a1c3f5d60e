"""Explains the permission that macOS asks for, with the very programs that need it on this machine."""

import sys
from collections.abc import Sequence
from pathlib import Path

from agent.program import Responsible, responsible_for_us, this_program


def how_to_allow(installed: Sequence[str]) -> str:
    """Return what to click. macOS asks the program that is responsible, which is not always the one that reads."""
    if sys.platform != "darwin":
        return "let your own user read the file and its -wal and -shm beside it, and enter its folder"
    return steps(responsible_for_us(), this_program() if not installed else _program_of(installed[0]))


def steps(responsible: Responsible, program: Path) -> str:
    """Return the steps in System Settings."""
    where = "System Settings > Privacy & Security > Full Disk Access"
    add = f"for the installed agent press ＋, then ⌘⇧G, and paste {program}"
    if not responsible.is_terminal:
        return f"{where}: {add}; then: assistant-agent install"
    name = responsible.name
    return f"{where}: switch on {name} for what you type there, and {add}; then quit {name}, open it, and install again"


def _program_of(executable: str) -> Path:
    """Return the file behind the link that a service starts; our own if it is the one that we were started by."""
    return this_program() if executable == sys.executable else Path(executable).resolve()
