"""The agent as a service."""

import os
import sys
from collections.abc import Mapping

from agent.folders import HOME_VARIABLE, Folders
from agent.service.manager import Service

# Without these a Linux service finds neither its folders nor the keychain; launchd sets all that it needs itself.
_PASSED_ON = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")


def agent_service(folders: Folders, environ: Mapping[str, str] = os.environ, *, menu_bar: bool) -> Service:
    """Return the service that runs this very installation of the agent.

    `-I`: neither the folder it is started in nor a variable of somebody's shell can put another module in place of ours.
    """
    command = [sys.executable, "-I", "-m", "agent", "run"]
    environment = {name: environ[name] for name in _PASSED_ON if sys.platform != "darwin" and environ.get(name)}
    if environ.get(HOME_VARIABLE):
        environment[HOME_VARIABLE] = str(folders.home)
    if sys.platform != "darwin":
        return Service(tuple(command), environment)  # journald keeps, and bounds, what it prints
    if menu_bar:
        command.append("--menu-bar")
    command += ["--log-file", str(folders.log_file)]
    return Service(tuple(command), environment, folders.crash_log_file)
