"""A LaunchAgent: launchd starts it in the user's own session, where the keychain and the menu bar are."""

import plistlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from agent.errors import AgentError, NoService
from agent.private_file import write_private
from agent.service.commands import Answer, Commands
from agent.service.manager import Service, ServiceState

LABEL: Final = "org.conversation-assistant.agent"
_LAUNCHCTL: Final = "/bin/launchctl"
# launchd answers so while the old process is still on its way out.
_BUSY: Final = {5, 37}
_NO_SESSION: Final = {112, 125}
_TRIES: Final = 20
_SECONDS_BETWEEN_TRIES: Final = 0.5


def plist_of(service: Service) -> dict[str, Any]:
    """Return the definition as launchd.plist(5) describes it."""
    plist: dict[str, Any] = {
        "Label": LABEL,
        "ProgramArguments": list(service.command),
        "RunAtLoad": True,
        # After a quit by its owner it stays away until the next login; after a failure it comes back.
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ProcessType": "Standard",
        "Nice": 5,
        # Only where somebody has logged in at the screen: elsewhere there is no keychain to read.
        "LimitLoadToSessionType": "Aqua",
        "WorkingDirectory": "/",
        "Umask": 0o077,
    }
    if service.environment:
        plist["EnvironmentVariables"] = dict(service.environment)
    if service.log_file:
        plist["StandardOutPath"] = plist["StandardErrorPath"] = str(service.log_file)
    return plist


class Launchd:
    """Implements ServiceManager."""

    name = "launchd"

    def __init__(
        self,
        commands: Commands,
        user_id: int,
        folder: Path,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._commands = commands
        self._domain = f"gui/{user_id}"
        self._target = f"{self._domain}/{LABEL}"
        self._path = folder / f"{LABEL}.plist"
        self._pause = pause

    def definition_of(self, service: Service) -> str:
        """Return the property list in XML: see launchd.plist(5)."""
        return plistlib.dumps(plist_of(service), sort_keys=False).decode()

    def install(self, service: Service) -> Path:
        """Write the property list and load it anew. Raises AgentError, or NoService when launchd does not start it."""
        if service.log_file:
            service.log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            write_private(self._path, self.definition_of(service))
        except OSError as error:
            raise AgentError(f"{self._path} cannot be written: {error.strerror}") from error
        self._launchctl("bootout", self._target)  # what an earlier installation left, if any
        self._launchctl("enable", self._target)  # a person may have disabled it once
        answer = self._bootstrap()
        if answer.status in _NO_SESSION:
            raise NoService(
                f"{self._path} is written, but nobody is logged in at this Mac's screen; it starts with the next login, "
                "or run assistant-agent install there"
            )
        if not answer.ok:
            raise NoService(f"{self._path} is written, but launchd does not take it ({answer.text or answer.status})")
        self._launchctl("kickstart", self._target)
        return self._path

    def uninstall(self) -> bool:
        """Unload the service and remove its property list; return whether there was anything."""
        stopped = self._launchctl("bootout", self._target).ok
        there = self._path.exists()
        self._path.unlink(missing_ok=True)
        return stopped or there

    def state(self) -> ServiceState:
        """Return what `launchctl print` says of the service."""
        answer = self._launchctl("print", self._target)
        if not answer.ok:
            return ServiceState(self._path, installed=self._path.exists())
        process = re.search(r"^\s*pid = (\d+)", answer.text, re.MULTILINE)
        last = re.search(r"^\s*last exit code = (\d+)", answer.text, re.MULTILINE)
        note = f"its last exit code was {last[1]}" if last and last[1] != "0" else ""
        return ServiceState(
            self._path,
            installed=self._path.exists(),
            loaded=True,
            process_id=int(process[1]) if process else None,
            note=note,
        )

    def command(self) -> tuple[str, ...]:
        """Return the command in the installed property list; nothing if there is none."""
        try:
            plist = plistlib.loads(self._path.read_bytes())
            return tuple(str(part) for part in plist["ProgramArguments"])
        except (OSError, ValueError, KeyError, TypeError, plistlib.InvalidFileException):
            return ()

    def _bootstrap(self) -> Answer:
        for _ in range(_TRIES):
            answer = self._launchctl("bootstrap", self._domain, str(self._path))
            if answer.status not in _BUSY:
                break
            self._pause(_SECONDS_BETWEEN_TRIES)
        return answer

    def _launchctl(self, *arguments: str) -> Answer:
        return self._commands.run(_LAUNCHCTL, *arguments)
