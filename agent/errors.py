"""What can go wrong in the agent: each error is one line that says what to do, and an exit code."""

from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What `assistant-agent` exits with; its help lists them."""

    FAILED = 1
    USAGE = 2
    CANNOT_READ = 3
    SERVER_AWAY = 4
    NOT_PAIRED = 5
    NO_SERVICE = 6
    INTERRUPTED = 130


class AgentError(Exception):
    """An error whose text is meant for the person at the terminal. It never holds message text."""

    exit_code = ExitCode.FAILED


class UsageError(AgentError):
    """An option holds something that cannot work."""

    exit_code = ExitCode.USAGE


class CannotRead(AgentError):
    """The Messages database cannot be read now."""

    exit_code = ExitCode.CANNOT_READ


class NothingToRead(CannotRead):
    """The database is there, and never held a message."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} has never held a message; sign in to Messages on this Mac, with iCloud's messages switched on"
        )


class ServerAway(AgentError):
    """The server does not answer, or not as it should; trying again later may help."""

    exit_code = ExitCode.SERVER_AWAY


class DataRefused(AgentError):
    """The server refuses what was sent, and would refuse it again. `reason` is the server's."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class NotPaired(AgentError):
    """There is no token, or the server refuses it."""

    exit_code = ExitCode.NOT_PAIRED


class AlreadyRuns(AgentError):
    """Another agent works in the same settings folder."""


class NoService(AgentError):
    """The service is written, and nothing on this machine can start it."""

    exit_code = ExitCode.NO_SERVICE
