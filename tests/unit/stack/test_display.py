"""What a person sees of a running stack."""

import io
import sys

import pytest
from rich.console import Console

from stack.display import MARKS, Display, parts_table, script_to_activate, welcome
from stack.supervisor.part import PartGaveUp, PartState, PartStatus


def shown(renderable):
    file = io.StringIO()
    Console(file=file, width=120).print(renderable)
    return file.getvalue()


@pytest.fixture
def written():
    """A display that is no terminal, and what it wrote."""
    file = io.StringIO()
    return Display(Console(file=file, width=40)), file


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """A virtual environment of a checkout, which is the current directory; nothing is on PATH."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".venv"


def test_every_state_has_a_mark():
    assert set(MARKS) == set(PartState)


def test_a_line_says_how_a_part_is_and_how_often_it_was_started_again():
    status = PartStatus("sync_svc", PartState.LIMITED, "waits for what it depends on", "127.0.0.1:1", restarts=2)

    assert "sync_svc  limited  (started again 2×) waits for what it depends on" in shown(parts_table([status]))


def test_a_part_that_has_nothing_to_say_shows_its_address():
    assert "127.0.0.1:1" in shown(parts_table([PartStatus("envoy", PartState.READY, address="127.0.0.1:1")]))


def test_outside_a_terminal_each_change_is_a_line_that_is_never_broken(written):
    display, file = written

    with display:
        display.changed(PartStatus("envoy", PartState.FAILED, "cannot start: " + "x" * 60))

    assert file.getvalue() == f"envoy         failed: cannot start: {'x' * 60}\n"


def test_a_detail_is_shown_as_it_is(written):
    display, file = written

    display.changed(PartStatus("envoy", PartState.FAILED, "[bold]no markup[/]"))

    assert "[bold]no markup[/]" in file.getvalue()


def test_a_part_that_gave_up_is_shown_with_its_last_words_and_its_log(written):
    display, file = written

    display.gave_up(PartGaveUp("migrate", "failed 5 times", ["no such table"]), "/data/logs/migrate.log")

    assert file.getvalue().splitlines()[0] == "migrate failed 5 times."
    assert "no such table" in file.getvalue()
    assert "/data/logs/migrate.log" in file.getvalue()


def test_a_terminal_that_is_gone_is_no_error():
    class Gone(io.StringIO):
        def write(self, text):
            raise OSError

    Display(Console(file=Gone())).changed(PartStatus("envoy"))


def test_a_newcomer_is_told_the_password_once_and_the_next_step():
    text = shown(welcome("http://127.0.0.1:8080", "abcd-efgh", demo=False))

    assert "abcd-efgh" in text
    assert "Shown this once" in text
    assert "assistant-agent install --server http://127.0.0.1:8080" in text


def test_who_knows_the_password_is_not_told_it():
    assert "Password" not in shown(welcome("http://127.0.0.1:8080", None, demo=False))


def test_where_the_commands_are_not_on_the_path_the_way_to_them_is_shown(environment):
    assert "source .venv/bin/activate" in shown(welcome("http://127.0.0.1:8080", None, demo=True))


def test_from_another_directory_the_way_is_whole(environment, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert script_to_activate() == environment / "bin" / "activate"


def test_where_the_commands_are_on_the_path_nothing_is_said_of_it(environment, monkeypatch):
    (environment / "bin" / "assistant").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(environment / "bin"))

    assert script_to_activate() is None
