"""One agent for each settings folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import AlreadyRuns
from agent.running_agent import RunningAgent, ask_to_sync, running_process

HOLD = """
import sys
from pathlib import Path
from agent.running_agent import RunningAgent
with RunningAgent(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_runs_is_known_as_long_as_it_runs(tmp_path: Path):
    lock = tmp_path / "new" / "agent.lock"
    before = running_process(lock)

    with RunningAgent(lock):
        during = running_process(lock)

    assert (before, during, running_process(lock)) == (None, os.getpid(), None)


def test_a_second_one_is_told_who_runs(tmp_path: Path):
    lock = tmp_path / "agent.lock"

    with (
        RunningAgent(lock),
        pytest.raises(AlreadyRuns, match=rf"runs already \(process {os.getpid()}\)"),
        RunningAgent(lock),
    ):
        pass

    with RunningAgent(lock):
        assert running_process(lock) == os.getpid()


def test_a_killed_one_is_in_nobodys_way(tmp_path: Path):
    lock = tmp_path / "agent.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        seen = running_process(lock)
        holder.kill()
        holder.wait()

    assert seen == holder.pid
    assert running_process(lock) is None
    with RunningAgent(lock):
        pass


def test_a_process_that_is_gone_cannot_be_asked():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

    assert not ask_to_sync(process.pid)


def test_asking_is_a_signal():
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    try:
        asked = ask_to_sync(os.getpid())
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert asked
    assert heard == [signal.SIGUSR1]
