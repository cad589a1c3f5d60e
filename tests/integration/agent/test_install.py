"""Installing, looking, and removing, as real processes in a home of their own."""

import json
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stack.demo_data import append_incoming
from tests.deadline import eventually
from tests.integration.agent.agent_process import Home, outcome, running, start
from tests.integration.agent.fake_systemctl import write_fake_systemctl
from tests.integration.agent.scripted_server import Script, serving

# A real agent is installed, started and waited for.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def bare(tmp_path: Path) -> Home:
    """A home on a machine where nothing starts services."""
    (tmp_path / "home").mkdir()
    (tmp_path / "no programs").mkdir()
    return Home(tmp_path / "home", {"PATH": str(tmp_path / "no programs")})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home on a machine with a systemd for its user."""
    (tmp_path / "home").mkdir()
    programs = write_fake_systemctl(tmp_path / "programs")
    return Home(tmp_path / "home", {"PATH": f"{programs}:{os.environ['PATH']}"})


def unit(home: Home) -> Path:
    return home.path / ".config/systemd/user/conversation-assistant-agent.service"


@asynccontextmanager
async def uninstalled_after(home: Home) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await outcome(home, "uninstall")


if sys.platform == "linux":

    async def test_it_is_installed_started_and_removed(home: Home, chat_db: Path):
        script = Script()
        async with serving(script) as port, uninstalled_after(home):
            home.keep_token(port)
            options: list[str | Path] = [
                "--server",
                f"http://127.0.0.1:{port}",
                "--chat-db",
                chat_db,
                "--token-file",
                home.token_file,
            ]
            installed = await outcome(home, "install", *options, "--exclude", "+15550100", "--since", "2020-01-01")
            process_id = home.status()["process_id"]
            await eventually(lambda: len(script.messages) == 330)
            guid = append_incoming(chat_db, "Mum", "one more")
            await eventually(lambda: guid in script.messages)
            status = await outcome(home, "status", "--json")
            doctor = await outcome(home, "doctor", "--json")
            again = await outcome(home, "install")
            second_process_id = home.status()["process_id"]
            removed = await outcome(home, "uninstall")
            after = await outcome(home, "status", "--json")

        assert installed[0] == 0, installed[1]
        assert f"The agent runs (process {process_id})." in installed[1]
        assert (status[0], json.loads(status[1])["alive"]) == (0, True)
        checks = {check["check"]: check for check in json.loads(doctor[1])["checks"]}
        assert [
            checks[name]["level"] for name in ("permission", "database", "messages", "token", "service", "agent")
        ] == ["ok"] * 6
        assert again[0] == 0
        assert second_process_id != process_id
        assert removed[0] == 0
        assert not unit(home).exists()
        assert json.loads(after[1])["state"] == "stopped"
        assert home.settings_file.read_text().count("exclude") == 1
        assert 'exclude = ["+15550100"]' in home.settings_file.read_text()
        assert "since = 2020-01-01" in home.settings_file.read_text()

    async def test_where_nothing_starts_services_the_unit_stays_and_the_exit_code_says_so(bare: Home, chat_db: Path):
        async with serving(Script()) as port:
            bare.keep_token(port)
            options: list[str | Path] = [
                "--server",
                f"http://127.0.0.1:{port}",
                "--chat-db",
                chat_db,
                "--token-file",
                bare.token_file,
            ]
            code, text = await outcome(bare, "install", *options)
            doctor_code, doctor = await outcome(bare, "doctor", "--json")
            removed = await outcome(bare, "uninstall")

        assert code == 6
        assert "no systemd of this user runs here (systemctl is not on this machine)" in text
        assert f"start it by other means: {sys.executable} -I -m agent run" in text
        service = next(check for check in json.loads(doctor)["checks"] if check["check"] == "service")
        assert (doctor_code, service["level"]) == (1, "fail")
        assert removed == (0, removed[1])
        assert not unit(bare).exists()

    async def test_a_dry_run_prints_the_unit_and_does_nothing(bare: Home):
        code, text = await outcome(bare, "install", "--dry-run")

        assert code == 0
        assert text.startswith("[Unit]\n")
        assert f'ExecStart="{sys.executable}" "-I" "-m" "agent" "run"' in text
        assert list(bare.path.iterdir()) == []

    async def test_an_agent_that_is_not_paired_waits(home: Home, chat_db: Path):
        script = Script()
        async with serving(script) as port, uninstalled_after(home):
            options: list[str | Path] = [
                "--server",
                f"http://127.0.0.1:{port}",
                "--chat-db",
                chat_db,
                "--token-file",
                home.token_file,
            ]
            code, text = await outcome(home, "install", "--no-pair", *options)
            waits = home.status()["trouble"]
            home.keep_token(port)
            await outcome(home, "sync", "--once")
            await eventually(lambda: len(script.messages) == 330)

        assert (code, waits) == (0, "not-paired")
        assert "Not paired yet: the agent waits, and sends nothing, until you run assistant-agent pair" in text


async def test_root_is_refused_with_the_reason(bare: Home):
    as_root = "import os; os.geteuid = lambda: 0; from agent.cli import app; app()"

    process = await start(bare, "install", "--server", "http://127.0.0.1:9", program=("-c", as_root))
    output, _ = await process.communicate()

    assert process.returncode == 2
    assert b"root has no messages, no keychain and no screen" in output
    assert list(bare.path.iterdir()) == []


async def test_without_a_server_it_says_where_to_name_one(bare: Home):
    code, text = await outcome(bare, "install")

    assert code == 2
    assert "no server is set; name it with --server" in text


async def test_a_server_that_is_away_leaves_nothing_installed(bare: Home):
    code, text = await outcome(bare, "install", "--server", "http://127.0.0.1:9", "--token-file", bare.token_file)

    assert code == 4
    assert "is the server running there?" in text
    assert not unit(bare).exists()
    assert not bare.settings_file.exists()


async def test_purging_removes_all_that_is_the_agents_and_nothing_else(bare: Home):
    bare.settle(9, bare.path / "chat.db")
    bare.keep_token(9)
    (bare.settings_file.parent / "logs").mkdir()
    (bare.settings_file.parent / "logs" / "agent.log").write_text("x")
    not_ours = bare.settings_file.parent / "postgres"
    not_ours.mkdir()

    asked = await outcome(bare, "uninstall", "--purge")
    kept = bare.settings_file.exists()
    code, text = await outcome(bare, "uninstall", "--purge", "--yes")

    assert (asked[0], kept) == (2, True)
    assert "add --yes" in asked[1]
    assert code == 0
    assert list(bare.settings_file.parent.iterdir()) == [not_ours]
    assert not bare.token_file.exists()
    assert "left" in text
    assert "postgres" in text


async def test_nothing_is_purged_under_an_agent_that_runs(bare: Home, chat_db: Path):
    bare.settle(9, chat_db)
    bare.keep_token(9)

    async with running(bare):
        await eventually(lambda: bare.status()["state"] is not None)
        code, text = await outcome(bare, "uninstall", "--purge", "--yes")

    assert code == 1
    assert "an agent still runs" in text
    assert bare.settings_file.exists()
    assert bare.token_file.exists()


async def test_a_token_that_cannot_be_found_keeps_the_settings_that_would_say_where(bare: Home):
    bare.settle(9, bare.path / "chat.db")
    bare.keep_token(9)
    bare.settings_file.write_text(bare.settings_file.read_text() + "interval = nonsense\n")

    code, text = await outcome(bare, "uninstall", "--purge", "--yes")

    assert code == 1
    assert "the token could not be removed" in text
    assert bare.settings_file.exists()


async def test_without_pairing_a_closed_keychain_is_no_hindrance(bare: Home):
    keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    closed = Home(bare.path, {**bare.more, **keyring})

    code, text = await outcome(closed, "install", "--no-pair", "--server", "http://127.0.0.1:9", "--name", "Studio")

    assert code == 6  # the service is written; nothing here starts it
    assert "cannot be seen from here" in text
    assert 'name = "Studio"' in closed.settings_file.read_text()
    assert unit(closed).exists()


async def test_removing_says_what_it_leaves(bare: Home):
    bare.settle(9, bare.path / "chat.db")

    code, text = await outcome(bare, "uninstall")

    assert code == 0
    assert "No service was installed." in text
    assert str(bare.settings_file) in text
    assert "stays listed under Devices" in text
    assert bare.settings_file.exists()


async def test_resetting_forgets_the_token_only(bare: Home):
    bare.settle(9, bare.path / "chat.db")
    bare.keep_token(9)
    settings = bare.settings_file.read_text()

    first = await outcome(bare, "reset", "--yes")
    second = await outcome(bare, "reset", "--yes")

    assert (first[0], second[0]) == (0, 0)
    assert "The token is forgotten." in first[1]
    assert "There was no token." in second[1]
    assert not bare.token_file.exists()
    assert bare.settings_file.read_text() == settings


async def test_what_it_writes_is_its_owners_alone(bare: Home):
    bare.settle(9, bare.path / "chat.db")
    bare.settings_file.unlink()
    bare.settings_file.parent.rmdir()
    bare.keep_token(9)

    await outcome(bare, "install", "--server", "http://127.0.0.1:9", "--token-file", bare.token_file)

    assert stat.S_IMODE(bare.settings_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(bare.settings_file.parent.stat().st_mode) == 0o700


async def test_doctor_says_what_to_do_on_a_bare_machine(bare: Home):
    code, text = await outcome(bare, "doctor")

    assert code == 1
    assert "fail database" in text
    assert "→ assistant-agent pair --server https://…" in text
    assert "\x1b" not in text


async def test_status_of_nothing_is_a_sentence_and_a_code(bare: Home):
    code, text = await outcome(bare, "status")

    assert code == 1
    assert "no agent has run here yet" in text
    assert list(bare.path.iterdir()) == []
