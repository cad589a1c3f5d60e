"""Chooses the service manager of this system."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from agent.service.commands import Commands, RealCommands
from agent.service.launchd import Launchd
from agent.service.manager import ServiceManager
from agent.service.systemd import Systemd


def service_manager(environ: Mapping[str, str] = os.environ, commands: Commands | None = None) -> ServiceManager:
    """Return what starts services for this user."""
    commands = commands or RealCommands()
    if sys.platform == "darwin":
        return Launchd(commands, os.getuid(), Path("~/Library/LaunchAgents").expanduser())
    configuration = Path(environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    return Systemd(commands, configuration / "systemd" / "user")
