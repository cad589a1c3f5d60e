"""What the agent tells the server about the machine it runs on."""

import platform
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

_MACHINE_ID_FILES: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_MAX_NAME: Final = 100
_MAX_OS_VERSION: Final = 100


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, as a registration describes it."""

    name: str
    hardware_id: str
    platform: str
    os_version: str


def this_machine(name: str = "") -> Machine:
    """Describe this machine, under the name that its owner gives it or its own."""
    on_mac = sys.platform == "darwin"
    return Machine(
        name=(name.strip() or _own_name())[:_MAX_NAME],
        hardware_id=_hardware_id(_mac_uuid() if on_mac else _machine_id()),
        platform="macos" if on_mac else "linux",
        os_version=_os_version()[:_MAX_OS_VERSION],
    )


def _own_name() -> str:
    return platform.node().removesuffix(".local") or "My Mac"


def _hardware_id(machine_id: str) -> str:
    """The same for the same person on the same machine. Hashed: the server has no use for the machine's real id."""
    seed = f"{machine_id or uuid.getnode()}\0{Path.home()}"
    return blake2b(seed.encode(), digest_size=16, person=b"assistant-agent").hexdigest()


def _mac_uuid() -> str:
    command = ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r'"IOPlatformUUID" = "([^"]+)"', listing)
    return match[1] if match else ""


def _machine_id() -> str:
    for path in _MACHINE_ID_FILES:
        try:
            return path.read_text(encoding="ascii").strip()
        except OSError:
            continue
    return ""


def _os_version() -> str:
    mac = platform.mac_ver()[0]
    if mac:
        return f"macOS {mac}"
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"
