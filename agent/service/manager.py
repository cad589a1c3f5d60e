"""What is installed, and what every service manager can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Service:
    """The program that the system keeps running."""

    command: tuple[str, ...]
    """With whole paths: a service has no shell and no PATH of the user's."""
    environment: Mapping[str, str] = field(default_factory=dict)
    log_file: Path | None = None
    """What the program itself could not log any more goes here."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What the system says of the service."""

    definition: Path
    installed: bool = False
    loaded: bool = False
    process_id: int | None = None
    note: str = ""
    """In a few words, what is odd; for a person."""


class ServiceManager(Protocol):
    """Starts the service with each login, and again when it fails."""

    name: str

    def definition_of(self, service: Service) -> str:
        """Return the text of the definition."""

    def install(self, service: Service) -> Path:
        """Write the definition, and start the service anew. Raises NoService where the system cannot start it."""

    def uninstall(self) -> bool:
        """Stop the service and remove its definition; return whether there was anything."""

    def state(self) -> ServiceState:
        """Return whether the service is installed and runs."""
        ...

    def command(self) -> tuple[str, ...]:
        """Return the command in the installed definition; nothing if there is none."""
