"""Running a long command."""

import sys

import pytest

from scripts.setup.command import run
from scripts.setup.failure import SetupFailed


def test_a_failed_command_shows_its_last_lines_and_where_the_rest_is(tmp_path):
    code = "import sys; [print('line', n) for n in range(100)]; sys.exit(3)"

    with pytest.raises(SetupFailed) as failure:
        run("Some step", [sys.executable, "-c", code], log_directory=tmp_path)

    lines = str(failure.value).splitlines()
    assert lines[0] == "line 70"
    assert lines[-1] == f"Some step failed; the whole output is in {tmp_path / 'some-step.log'}"
    assert (tmp_path / "some-step.log").read_text().startswith("line 0\n")


def test_a_command_gets_its_environment_and_no_input(tmp_path, capsys):
    code = "import os, sys; assert sys.stdin.read() == ''; sys.exit(os.environ['WANTED'] != 'yes')"

    run("Some step", [sys.executable, "-c", code], environment={"WANTED": "yes"}, log_directory=tmp_path)

    assert capsys.readouterr().out.startswith("Some step: done")
