"""`make check`: everything that can be said about the code without running its tests, the quick checks first."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.contract_base import contract_to_compare_with
from scripts.setup.checkout import PYTHON, ROOT, VENV, WEB

NPM = [str(ROOT / "scripts" / "npm"), "--prefix", str(WEB), "run", "--silent"]
PYTHON_SOURCES = [
    "agent",
    "bench",
    "device_svc",
    "inference_svc",
    "llama_worker",
    "lora_trainer",
    "model_files",
    "prompting",
    "scripts",
    "scripts/gen",
    "stack",
    "svc_kit",
    "sync_svc",
    "tests",
    "training_svc",
]
# Some tools colour even what goes into a file.
COLOURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;.*?\x1b\\")


@dataclass(frozen=True)
class Check:
    """A claim about the checkout and the command that proves it."""

    claim: str
    command: Sequence[str]


def tool(name: str) -> str:
    """Return the path of a program that set-up installed."""
    return str(VENV / "bin" / name)


def contract_checks(scratch: Path) -> list[Check]:
    """Checks of proto/. buf gets an image made by protoc: the imports come from packages, which buf does not look into."""
    image = scratch / "contract.binpb"
    subprocess.run([PYTHON, "scripts/gen", "--buf-image", image], cwd=ROOT, check=True)
    checks = [
        Check("the contract is formatted (make fmt)", [tool("buf"), "format", "--diff", "--exit-code", "proto"]),
        Check("the contract obeys buf's rules", [tool("buf"), "lint", str(image)]),
    ]
    base = contract_to_compare_with(scratch)
    if base:
        compared = [tool("buf"), "breaking", str(image), "--against", str(base.image)]
        checks.append(Check(f"the contract breaks nothing since {base.revision}", compared))
    return [
        *checks,
        Check("gen/ is what proto/ says (make gen)", [str(PYTHON), "scripts/gen", "--check"]),
        Check("docs/API.md is what proto/ says (make gen)", [str(PYTHON), "-m", "scripts.api_docs", "--check"]),
    ]


def python_checks() -> list[Check]:
    """Checks of the Python sources that read them only."""
    sources = [name for name in PYTHON_SOURCES if (ROOT / name).exists()]
    return [
        Check("Python is formatted (make fmt)", [tool("ruff"), "format", "--check", "--quiet", "."]),
        Check("Python obeys ruff's rules", [tool("ruff"), "check", "--quiet", "."]),
        Check("imports point the right way", [tool("lint-imports"), "--no-logo"]),
        Check("Python's types hold", [tool("mypy"), "--no-error-summary", *sources]),
    ]


def web_checks() -> list[Check]:
    """Checks of web/."""
    return [
        Check("the web sources obey biome's rules", [*NPM, "lint"]),
        Check("the web's types hold", [*NPM, "typecheck"]),
        Check("web/src/gen is what proto/ says (make gen)", [*NPM, "gen:check"]),
    ]


def holds(check: Check) -> bool:
    """Run a check and print its line, and its output when it failed."""
    started = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    mark = "FAIL" if done.returncode else "ok"
    print(f"{mark:>4}  {check.claim} ({time.monotonic() - started:.1f} s)", flush=True)
    if done.returncode:
        print(COLOURS.sub("", done.stdout), flush=True)
    return done.returncode == 0


def main() -> int:
    """Run all checks, whatever fails, and name the failed ones at the end."""
    with tempfile.TemporaryDirectory() as scratch:
        checks = [
            *contract_checks(Path(scratch)),
            *python_checks(),
            *web_checks(),
            Check("migrations make the tables that the code expects", [str(PYTHON), "-m", "scripts.check_migrations"]),
        ]
        failed = [check.claim for check in checks if not holds(check)]
    if failed:
        print(f"{len(failed)} of {len(checks)} checks failed:", *failed, sep="\n  - ")
        return 1
    print(f"all {len(checks)} checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
