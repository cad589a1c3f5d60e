"""Where the agent keeps its own files. Nothing else of the agent's is anywhere on the machine, but the token in the keychain."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import platformdirs

HOME_VARIABLE: Final = "ASSISTANT_AGENT_HOME"
_NAME: Final = "conversation-assistant"


@dataclass(frozen=True, slots=True)
class Folders:
    """The folder of the settings, and the folder of the logs."""

    home: Path
    logs: Path

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Return this user's folders, or those below the folder that the environment names."""
        named = environ.get(HOME_VARIABLE)
        if named:
            home = Path(named).expanduser().absolute()
            return cls(home, home / "logs")
        return cls(
            Path(platformdirs.user_config_dir(_NAME, appauthor=False)),
            Path(platformdirs.user_log_dir(_NAME, appauthor=False)),
        )

    @property
    def settings_file(self) -> Path:
        """The settings, in TOML."""
        return self.home / "agent.toml"

    @property
    def status_file(self) -> Path:
        """What a running agent says of itself, for `assistant-agent status`."""
        return self.home / "agent-status.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the one agent that runs."""
        return self.home / "agent.lock"

    @property
    def pairing_mark(self) -> Path:
        """Touched by whoever pairs or resets, so that an agent that runs looks at its token again."""
        return self.home / "agent.paired"

    @property
    def log_file(self) -> Path:
        """The log of the agent itself."""
        return self.logs / "agent.log"

    @property
    def crash_log_file(self) -> Path:
        """What the system's service manager catches of a process that cannot log any more."""
        return self.logs / "agent-crash.log"
