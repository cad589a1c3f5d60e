"""A user unit of systemd, which does on Linux what launchd does on macOS."""

import shlex
from pathlib import Path
from typing import Final

from agent.errors import AgentError, NoService
from agent.private_file import write_private
from agent.service.commands import Answer, Commands
from agent.service.manager import Service, ServiceState

UNIT: Final = "conversation-assistant-agent.service"

_TEMPLATE: Final = """\
[Unit]
Description=Conversation Assistant: brings messages to your own server
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
{environment}WorkingDirectory=/
Restart=on-failure
RestartSec=30
Nice=5
UMask=0077
# It reads the database where it lies and writes into its own folder, so that the home folder stays open.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=default.target
"""


class Systemd:
    """Implements ServiceManager."""

    name = "systemd"

    def __init__(self, commands: Commands, folder: Path) -> None:
        self._commands = commands
        self._path = folder / UNIT

    def definition_of(self, service: Service) -> str:
        """Return the unit: see systemd.service(5)."""
        environment = "".join(
            f"Environment={_quoted(f'{name}={value}')}\n" for name, value in service.environment.items()
        )
        return _TEMPLATE.format(
            command=" ".join(_quoted(part).replace("$", "$$") for part in service.command), environment=environment
        )

    def install(self, service: Service) -> Path:
        """Write the unit, enable it and start it anew. Raises AgentError, or NoService without a systemd of this user."""
        try:
            write_private(self._path, self.definition_of(service))
        except OSError as error:
            raise AgentError(f"{self._path} cannot be written: {error.strerror}") from error
        answer = self._systemctl("daemon-reload")
        if not answer.ok:
            raise NoService(
                f"{self._path} is written, but no systemd of this user runs here ({_first_line(answer)}); "
                f"start it by other means: {shlex.join(service.command)}"
            )
        for arguments in (("enable", UNIT), ("restart", UNIT)):
            answer = self._systemctl(*arguments)
            if not answer.ok:
                raise NoService(f"{self._path} is written, but systemd does not start it ({_first_line(answer)})")
        return self._path

    def uninstall(self) -> bool:
        """Stop and disable the unit and remove it; return whether there was anything."""
        there = self._path.exists()
        if there:
            self._systemctl("disable", "--now", UNIT)
        self._path.unlink(missing_ok=True)
        # What `enable` made; without a systemd of this user `disable` cannot remove it.
        (self._path.parent / "default.target.wants" / UNIT).unlink(missing_ok=True)
        if there:
            self._systemctl("daemon-reload")
            self._systemctl("reset-failed", UNIT)
        return there

    def state(self) -> ServiceState:
        """Return what `systemctl show` says of the unit."""
        properties = "LoadState,ActiveState,SubState,MainPID,Result"
        answer = self._systemctl("show", UNIT, f"--property={properties}")
        values = dict(line.split("=", 1) for line in answer.text.splitlines() if "=" in line) if answer.ok else {}
        process = int(values.get("MainPID") or 0)
        result = values.get("Result", "success")
        note = f"{values.get('SubState')}, {result}" if values.get("LoadState") == "loaded" and not process else ""
        return ServiceState(
            self._path,
            installed=self._path.exists(),
            loaded=values.get("LoadState") == "loaded",
            process_id=process or None,
            note=note if answer.ok else "no systemd of this user runs here",
        )

    def command(self) -> tuple[str, ...]:
        """Return the command in the installed unit; nothing if there is none."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except OSError:
            return ()
        for line in text.splitlines():
            if line.startswith("ExecStart="):
                return tuple(
                    part.replace("%%", "%").replace("$$", "$") for part in shlex.split(line.removeprefix("ExecStart="))
                )
        return ()

    def _systemctl(self, *arguments: str) -> Answer:
        return self._commands.run("systemctl", "--user", *arguments)


def _quoted(text: str) -> str:
    """Return the text as one word of a unit file, in which % means something."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _first_line(answer: Answer) -> str:
    return answer.text.splitlines()[0] if answer.text else f"exit code {answer.status}"
