"""Finds a browser for the browser test, or brings one; the test is never left out because there is none.

`python -m tests.browser` prints which one it is, before a test run.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge-stable"]
MAC_APPLICATIONS = ["Google Chrome", "Chromium", "Microsoft Edge"]


class NoBrowser(Exception):
    """There is no browser, and none could be brought."""


def browser_executable() -> str:
    """Return the path of a Chromium of some brand: $BROWSER_EXECUTABLE, an installed one, or one that is installed now."""
    named = os.environ.get("BROWSER_EXECUTABLE")
    if named:
        if shutil.which(named) is None:
            raise NoBrowser(f"BROWSER_EXECUTABLE={named} is not a program")
        return named
    found = next(filter(_starts, _installed()), None) or _brought_by_playwright() or _brought_by_apt()
    if found is None:
        raise NoBrowser(
            "The browser test needs Chrome or Chromium, and neither Playwright nor apt could bring one: install it, "
            "or name its program with BROWSER_EXECUTABLE="
        )
    return found


def _installed() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    for folder in (Path("/Applications"), Path.home() / "Applications"):
        for name in MAC_APPLICATIONS:
            program = folder / f"{name}.app" / "Contents" / "MacOS" / name
            if program.exists():
                yield str(program)
    yield _playwrights_own()


def _playwrights_own() -> str:
    """Return where Playwright's own Chromium is or would be. Asked in a process of its own: it may not run inside a loop."""
    code = "from playwright.sync_api import sync_playwright as run\nwith run() as p: print(p.chromium.executable_path)"
    asked = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return asked.stdout.strip()


def _brought_by_playwright() -> str | None:
    print("No Chrome or Chromium was found; Playwright downloads one", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, stdin=subprocess.DEVNULL)
    own = _playwrights_own()
    return own if _starts(own) else None


def _starts(program: str) -> bool:
    """Return whether a browser is there and runs: one may be a stub of the system, or lack its libraries."""
    if shutil.which(program) is None:
        return False
    return subprocess.run([program, "--version"], check=False, capture_output=True).returncode == 0


def _brought_by_apt() -> str | None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return None
    print("apt installs chromium", flush=True)
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", "chromium"]):
        subprocess.run(command, check=False, env=quietly, stdin=subprocess.DEVNULL)
    return shutil.which("chromium")


if __name__ == "__main__":
    try:
        print(f"browser: {browser_executable()}")
    except NoBrowser as missing:
        sys.exit(str(missing))
