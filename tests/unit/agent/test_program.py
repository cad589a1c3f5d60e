"""Which program asks for the permission."""

import sys

import pytest

from agent.program import Responsible, responsible_for_us, this_program


def test_the_program_is_the_file_behind_the_links():
    program = this_program()

    assert program.is_absolute()
    assert program.exists()
    assert not program.is_symlink()


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"TERM_PROGRAM": "Apple_Terminal"}, "Terminal"),
        ({"TERM_PROGRAM": "vscode"}, "Visual Studio Code"),
        ({"TERM_PROGRAM": "Another.app"}, "Another"),
        ({"TERM_PROGRAM": "Apple_Terminal", "SSH_CONNECTION": "1 2 3 4"}, "Remote Login (sshd)"),
    ],
)
def test_in_a_terminal_the_terminal_answers(environ: dict[str, str], name: str):
    assert responsible_for_us(environ) == Responsible(name, True)


def test_a_service_answers_for_itself():
    assert responsible_for_us({}) == Responsible(str(this_program()), False)


def test_on_linux_no_library_of_apples_is_looked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "linux")

    assert this_program().exists()
