"""The command line: one clear line and a documented exit code for everything that can go wrong before a server is asked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent import __version__
from agent.cli import app
from agent.cli.options import chosen
from agent.credential import Credential
from agent.token_store import FileTokenStore

SERVER = "http://127.0.0.1:9"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    expires_at = datetime.now(UTC) + timedelta(days=7)
    FileTokenStore(path).save(Credential(SERVER, "device-1", "secret.token", expires_at))
    return path


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output.strip()


def test_the_version_is_told():
    assert run("--version") == (0, __version__)


def test_the_help_lists_the_exit_codes():
    _, text = run("sync", "--help")

    for meaning in ("0 done", "2 wrong option", "3 the Messages database", "4 the server is", "5 not paired", "130"):
        assert meaning in text


def test_plain_http_to_another_machine_is_a_wrong_option():
    code, text = run("pair", "--server", "http://assistant.example.com")

    assert code == 2
    assert "use https://" in text
    assert "\n" not in text


def test_without_a_token_it_says_how_to_pair(tmp_path: Path):
    file = tmp_path / "none"

    code, text = run("sync", "--server", SERVER, "--token-file", file, "--once")

    assert code == 5
    assert text == (
        "assistant-agent: this device is not paired yet; pair again: "
        f"assistant-agent pair --server {SERVER} --token-file '{file}'"
    )


def test_a_token_goes_only_to_the_server_that_gave_it(token_file: Path):
    code, text = run("sync", "--server", "http://127.0.0.1:10", "--token-file", token_file, "--once")

    assert code == 2
    assert f"that token is for {SERVER}" in text
    assert "secret" not in text


@pytest.mark.parametrize("once", [["--once"], []], ids=["once", "following"])
def test_a_missing_database_is_named_at_once(token_file: Path, tmp_path: Path, once: list[str]):
    missing = tmp_path / "chat.db"

    code, text = run("sync", "--server", SERVER, "--token-file", token_file, "--chat-db", missing, *once)

    assert code == 3
    assert text == f"assistant-agent: there is no Messages database at {missing}; name it with --chat-db"


def test_pairing_with_nobody_there_says_so(tmp_path: Path):
    code, text = run("pair", "--server", SERVER, "--token-file", tmp_path / "token")

    assert code == 4
    assert "is the server running there?" in text
    assert not (tmp_path / "token").exists()


def test_a_certificate_that_is_none_is_a_wrong_option(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("not a certificate")

    code, text = run("pair", "--server", "https://127.0.0.1:9", "--ca-file", tmp_path / "ca.pem", "--token-file", "t")

    assert code == 2
    assert "--ca-file" in text


def test_an_option_excludes_more_and_never_less(agent_home: Path):
    agent_home.mkdir()
    (agent_home / "agent.toml").write_text('exclude = ["+12025550150"]')

    work = chosen(exclude=["ana@example.com", "+12025550150"])

    assert work.settings.exclude == ("+12025550150", "ana@example.com")


def test_a_wrong_setting_is_one_line_and_a_wrong_option(agent_home: Path):
    agent_home.mkdir()
    (agent_home / "agent.toml").write_text("interval = 0")

    code, text = run("sync", "--once")

    assert code == 2
    assert text.startswith(f"assistant-agent: {agent_home / 'agent.toml'}: `interval` must be")
    assert "\n" not in text


def test_the_settings_are_enough(agent_home: Path, token_file: Path, tmp_path: Path):
    agent_home.mkdir()
    (agent_home / "agent.toml").write_text(
        f'server = "{SERVER}"\ntoken_file = "{token_file}"\nchat_db = "{tmp_path}/chat.db"'
    )

    code, text = run("sync", "--once")

    assert code == 3
    assert f"there is no Messages database at {tmp_path}/chat.db" in text


def test_without_a_server_anywhere_it_says_where_to_write_one(agent_home: Path):
    code, text = run("sync", "--once")

    assert code == 2
    assert f"no server is set; name it with --server, or as `server` in {agent_home / 'agent.toml'}" in text


@pytest.mark.parametrize(
    ("options", "names"),
    [(("--name", " "), "--name"), (("--exclude", ""), "--exclude"), (("--interval", "nan"), "--interval")],
)
def test_an_option_that_could_not_be_read_again_is_refused_and_not_saved(
    agent_home: Path, options: tuple[str, str], names: str
):
    code, text = run("install", "--dry-run", "--server", SERVER, *options)

    assert code == 2
    assert names in text
    assert not agent_home.exists()


def test_who_answers_no_ends_it_with_a_code_that_a_script_sees(agent_home: Path):
    result = CliRunner().invoke(app, ["uninstall", "--purge"], input="n\n")

    assert result.exit_code == 1
    assert "Nothing was changed." in result.output
