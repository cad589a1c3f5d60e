"""Runs the system's own programs."""

import subprocess
from dataclasses import dataclass
from typing import Final, Protocol

_SECONDS: Final = 60.0
NOT_FOUND: Final = 127


@dataclass(frozen=True, slots=True)
class Answer:
    """How a program ended, and what it said."""

    status: int
    text: str = ""

    @property
    def ok(self) -> bool:
        """Whether the program ended with status 0."""
        return self.status == 0


class Commands(Protocol):
    """Runs a program to its end."""

    def run(self, *command: str) -> Answer:
        """Run a program; one that is missing or takes too long is an Answer that is not ok."""
        ...


class RealCommands:
    """Implements Commands with processes."""

    def run(self, *command: str) -> Answer:
        """Run a program; one that is missing or takes too long is an Answer that is not ok."""
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
            )
        except FileNotFoundError:
            return Answer(NOT_FOUND, f"{command[0]} is not on this machine")
        except subprocess.TimeoutExpired:
            return Answer(1, f"{command[0]} did not answer within {_SECONDS:.0f} s")
        return Answer(done.returncode, (done.stdout + done.stderr).strip())
