"""Which program this is for macOS: what Full Disk Access is given to, and what a service starts."""

import ctypes
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PATH_BYTES: Final = 4096
_TERMINALS: Final = {
    "Apple_Terminal": "Terminal",
    "iTerm.app": "iTerm",
    "vscode": "Visual Studio Code",
    "WarpTerminal": "Warp",
    "ghostty": "Ghostty",
    "WezTerm": "WezTerm",
    "kitty": "kitty",
    "Hyper": "Hyper",
    "tmux": "the terminal in which tmux was started",
}


def this_program() -> Path:
    """Return the file that really runs.

    Not `sys.executable`: a virtual environment has a link there, and python.org's and Homebrew's Python replace the program
    behind it with the one inside of Python.app, before anything of ours runs.
    """
    if sys.platform == "darwin":
        buffer = ctypes.create_string_buffer(_PATH_BYTES)
        try:
            length = ctypes.CDLL("/usr/lib/libproc.dylib").proc_pidpath(os.getpid(), buffer, _PATH_BYTES)
        except (OSError, AttributeError):
            length = 0
        if length > 0:
            return Path(os.fsdecode(buffer.raw[:length]))
    return Path(os.path.realpath(sys.executable))


@dataclass(frozen=True, slots=True)
class Responsible:
    """Whom macOS asks for the permission when this program opens a file."""

    name: str
    is_terminal: bool


def responsible_for_us(environ: Mapping[str, str] = os.environ) -> Responsible:
    """Guess it from the environment: a terminal answers for what is typed into it, sshd for what comes over the network."""
    if environ.get("SSH_CONNECTION"):
        return Responsible("Remote Login (sshd)", True)
    terminal = environ.get("TERM_PROGRAM", "")
    if terminal:
        return Responsible(_TERMINALS.get(terminal, terminal.removesuffix(".app")), True)
    return Responsible(str(this_program()), False)


def is_framework_build() -> bool:
    """Return whether this Python is one of those that draw nothing in the menu bar of macOS 26."""
    return bool(getattr(sys, "_framework", ""))
