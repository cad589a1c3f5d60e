"""The scripts that install, remove and deploy. What pip would fetch comes from this environment, and ssh is a shell here."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.integration.agent.agent_process import ROOT
from tests.integration.agent.handmade_wheel import write_wheel

# Virtual environments are made.
pytestmark = pytest.mark.timeout(180)

SCRIPTS = ROOT / "agent" / "scripts"

FAKE_SSH = """\
#!/bin/sh
[ "$1" = ana@studio.local ] || { echo "unexpected: $1" >&2; exit 1; }
shift
HOME={home} ASSISTANT_AGENT_HOME={home}/agent TMPDIR={home} exec /bin/sh -c "$*"
"""
FAKE_SCP = """\
#!/bin/sh
[ "$1" = -q ] && shift
for last; do :; done
into=${last#ana@studio.local:}
[ "$into" != "$last" ] || exit 1
for file; do [ "$file" = "$last" ] || cp "$file" "$into"; done
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return write_wheel(tmp_path / "wheel")


@pytest.fixture
def environment(tmp_path: Path, wheel: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "ASSISTANT_AGENT_HOME": str(home / "agent"),
        "ASSISTANT_AGENT_SOURCE": str(wheel),
        # No network: the wheel needs nothing, and what the agent imports is that of this environment.
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }


def run(script: str, *arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(SCRIPTS / script), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
    )


def test_it_makes_an_environment_of_its_own_passes_options_on_and_removes_it(environment: dict[str, str]):
    home = Path(environment["ASSISTANT_AGENT_HOME"])

    installed = run("install.sh", "--dry-run", environment=environment)
    refused = run("install.sh", "--interval", "0", environment=environment)
    in_it = subprocess.run(
        [home / "venv/bin/assistant-agent", "--version"], env=environment, capture_output=True, check=True
    )
    removed = run("uninstall.sh", environment=environment)
    nothing = run("uninstall.sh", environment=environment)

    assert installed.returncode == 0, installed.stdout
    assert f"The command: {home}/venv/bin/assistant-agent" in installed.stdout
    assert f"{home}/venv/bin/python" in installed.stdout
    assert refused.returncode == 2
    assert "--interval" in refused.stdout
    assert in_it.stdout.strip() == b"0.1.0"
    assert removed.returncode == 0, removed.stdout
    assert "No service was installed." in removed.stdout
    assert not (home / "venv").exists()
    assert nothing.returncode == 1


def test_help_and_a_refusal_remove_nothing(environment: dict[str, str]):
    home = Path(environment["ASSISTANT_AGENT_HOME"])
    run("install.sh", "--dry-run", environment=environment)

    told = run("uninstall.sh", "--help", environment=environment)
    refused = run("uninstall.sh", "--purge", environment=environment)

    assert told.returncode == 0
    assert "--purge" in told.stdout
    assert refused.returncode == 2
    assert (home / "venv/bin/assistant-agent").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(environment: dict[str, str]):
    python = Path(environment["ASSISTANT_AGENT_HOME"]) / "venv/bin/python"
    run("install.sh", "--dry-run", environment=environment)
    python.unlink()
    python.symlink_to("/nowhere/python3")

    again = run("install.sh", "--dry-run", environment=environment)

    assert again.returncode == 0, again.stdout
    assert python.exists()


def test_an_old_python_is_refused(environment: dict[str, str], tmp_path: Path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    done = run("install.sh", environment={**environment, "PYTHON": str(old)})

    assert done.returncode == 1
    assert "is not Python 3.11 or newer" in done.stdout


def test_another_mac_gets_the_wheel_and_is_told_what_only_a_person_can_do(environment: dict[str, str], tmp_path: Path):
    there = tmp_path / "there"
    there.mkdir()
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("ssh", FAKE_SSH.replace("{home}", str(there))), ("scp", FAKE_SCP)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    environment["REMOTE_PYTHON"] = sys.executable

    done = run("deploy-remote.sh", "ana@studio.local", "--name", "Ana's Mac", "--dry-run", environment=environment)

    assert done.returncode == 0, done.stdout
    assert f"{there}/agent/venv/bin/python" in done.stdout
    assert "Full Disk Access" in done.stdout
    assert "assistant-agent pair" in done.stdout
    assert not list(there.glob("tmp*"))


def test_deploying_nowhere_says_how(environment: dict[str, str]):
    done = run("deploy-remote.sh", environment=environment)

    assert done.returncode == 2
    assert "usage: deploy-remote.sh [user@]mac" in done.stdout
