"""What each trouble means to the outside."""

from collections.abc import Mapping
from typing import Final

from agent.errors import AgentError, CannotRead, ExitCode, NothingToRead, NotPaired, ServerAway
from agent.reporting import Trouble

# What a complete pass disproves. The others stand beside a sync that works.
ENDED_BY_A_PASS: Final = frozenset(
    {Trouble.CANNOT_READ, Trouble.NOTHING_TO_READ, Trouble.SERVER_AWAY, Trouble.NOT_PAIRED, Trouble.FAILED}
)

EXIT_CODES: Final[Mapping[Trouble, ExitCode]] = {
    Trouble.CANNOT_READ: ExitCode.CANNOT_READ,
    Trouble.NOTHING_TO_READ: ExitCode.CANNOT_READ,
    Trouble.SERVER_AWAY: ExitCode.SERVER_AWAY,
    Trouble.NOT_PAIRED: ExitCode.NOT_PAIRED,
    Trouble.WRONG_SETTING: ExitCode.USAGE,
    Trouble.FAILED: ExitCode.FAILED,
}


def trouble_of(error: AgentError) -> Trouble:
    """Return under which trouble an error is told."""
    if isinstance(error, NothingToRead):
        return Trouble.NOTHING_TO_READ
    if isinstance(error, CannotRead):
        return Trouble.CANNOT_READ
    if isinstance(error, NotPaired):
        return Trouble.NOT_PAIRED
    return Trouble.SERVER_AWAY if isinstance(error, ServerAway) else Trouble.FAILED
