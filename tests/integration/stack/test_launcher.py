"""The small program that ties a child to its parent."""

import json
import os
import subprocess
import sys

from stack.launcher import tied_command

SHOW = "import json, os; print(json.dumps([os.getpid(), os.getpgid(0), os.getppid()]))"


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_child_has_a_group_of_its_own_so_that_ctrl_c_reaches_the_supervisor_alone():
    process_id, group, parent = json.loads(run(tied_command([sys.executable, "-c", SHOW])).stdout)

    assert process_id == group
    assert parent == os.getpid()


def test_the_exit_status_is_that_of_the_program():
    assert run(tied_command([sys.executable, "-c", "raise SystemExit(7)"])).returncode == 7


def test_options_of_the_program_are_not_taken_for_those_of_the_launcher():
    shown = run(tied_command([sys.executable, "-c", "import sys; print(sys.argv[1:])", "--parent", "--", "--uid"]))

    assert shown.stdout == "['--parent', '--', '--uid']\n"


def test_a_child_whose_parent_has_died_already_does_not_start():
    command = tied_command([sys.executable, "-c", "print('started')"])
    command[command.index("--parent") + 1] = "1"

    died = run(command)

    assert (died.returncode, died.stdout) == (1, "") if sys.platform.startswith("linux") else (0, "started\n")


def test_a_program_that_is_not_there_fails():
    assert run(tied_command(["/nowhere/program"])).returncode != 0
