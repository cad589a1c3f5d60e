"""Settings from the environment."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from svc_kit.settings import DatabaseSettings, InternalSettings, from_mapping


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("sys.argv", ["python"])
    for name in ("DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME", "ASSISTANT_INTERNAL_KEY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_defaults_are_the_documented_ones(environment: pytest.MonkeyPatch):
    settings = DatabaseSettings.load()

    assert (settings.host, settings.port, settings.user) == ("localhost", 5433, "postgres")
    assert settings.name == "conversation_assistant"


def test_the_environment_wins(environment: pytest.MonkeyPatch):
    environment.setenv("DB_HOST", "db.example")
    environment.setenv("DB_PASSWORD", "p@ss/word")

    url = DatabaseSettings.load().url()

    assert (url.host, url.password) == ("db.example", "p@ss/word")
    assert "p@ss/word" not in str(url)


def test_a_wrong_value_ends_the_process_and_names_the_variable(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    environment.setenv("DB_PORT", "70000")

    with pytest.raises(SystemExit) as ended:
        DatabaseSettings.load()

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("DB_PORT: ")


def test_a_short_secret_is_refused_and_not_quoted(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    environment.setenv("ASSISTANT_INTERNAL_KEY", "tiny-secret")

    with pytest.raises(SystemExit):
        InternalSettings.load()

    error = capsys.readouterr().err
    assert error.startswith("ASSISTANT_INTERNAL_KEY: ")
    assert "tiny-secret" not in error


def test_print_config_shows_everything_but_secrets(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    environment.setattr("sys.argv", ["python", "--print-config"])
    environment.setenv("DB_PASSWORD", "p@ssword")

    with pytest.raises(SystemExit) as ended:
        DatabaseSettings.load()

    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert json.loads(shown)["DB_PORT"] == 5433
    assert "p@ssword" not in shown


def test_a_test_reads_no_environment(environment: pytest.MonkeyPatch):
    environment.setenv("DB_HOST", "db.example")

    assert from_mapping(DatabaseSettings, password=SecretStr("x")).host == "localhost"
