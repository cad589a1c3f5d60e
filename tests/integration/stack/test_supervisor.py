"""The supervisor with real child processes: start order, restarts, the end."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from stack.errors import StackError
from stack.launcher import tied_command
from stack.supervisor.leftovers import end_leftovers
from stack.supervisor.part import Check, CheckResult, Health, Part, PartGaveUp, PartState
from stack.supervisor.state_file import StackState
from stack.supervisor.supervisor import Supervisor
from tests.deadline import eventually

# Writes its name to a journal when it starts and when it is told to stop.
SERVER = """
import pathlib, signal, sys
journal, name = pathlib.Path(sys.argv[1]), sys.argv[2]
def note(what):
    with journal.open("a") as file:
        file.write(f"{what} {name}\\n")
def stop(*_):
    note("stop")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("start")
while True:
    signal.pause()
"""
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\nwhile True: signal.pause()"


def program(code: str, *arguments: str) -> list[str]:
    return tied_command([sys.executable, "-I", "-S", "-c", code, *arguments])


def journal_says(journal: Path, line: str) -> Check:
    async def check() -> CheckResult:
        return CheckResult(Health.READY if line in lines_of(journal) else Health.SILENT)

    return check


def lines_of(journal: Path) -> list[str]:
    return journal.read_text().splitlines() if journal.exists() else []


def server(name: str, journal: Path, *needs: str) -> Part:
    command = program(SERVER, str(journal), name)
    return Part(name, lambda: command, journal_says(journal, f"start {name}"), needs=needs)


@asynccontextmanager
async def supervised(parts: Sequence[Part], directory: Path) -> AsyncIterator[tuple[Supervisor, "asyncio.Task[None]"]]:
    supervisor = Supervisor(parts, directory / "logs", lambda status: None)
    stop = asyncio.Event()
    life = asyncio.create_task(supervisor.run(stop))
    try:
        yield supervisor, life
    finally:
        stop.set()
        await asyncio.wait({life})


async def test_parts_start_after_what_they_need_and_stop_before_it(tmp_path):
    journal = tmp_path / "journal"
    parts = [server("front", journal, "middle"), server("middle", journal, "back"), server("back", journal)]

    async with supervised(parts, tmp_path) as (supervisor, life):
        await supervisor.all_started()
    life.result()

    assert lines_of(journal) == ["start back", "start middle", "start front", "stop front", "stop middle", "stop back"]


async def test_a_killed_part_is_started_again(tmp_path):
    journal = tmp_path / "journal"

    async with supervised([server("only", journal)], tmp_path) as (supervisor, _):
        await supervisor.all_started()
        [status] = supervisor.statuses
        assert status.process_id is not None
        os.kill(status.process_id, signal.SIGKILL)
        await eventually(lambda: lines_of(journal) == ["start only", "start only"])
        await eventually(lambda: status.state is PartState.READY)

    assert status.restarts == 1


async def test_a_part_that_keeps_failing_stops_everything_and_says_why(tmp_path):
    journal = tmp_path / "journal"
    broken = program("print('no such table'); raise SystemExit(3)")
    parts = [server("good", journal), Part("bad", lambda: broken, journal_says(journal, "never"))]

    async with supervised(parts, tmp_path) as (_, life):
        await asyncio.wait({life})

    with pytest.raises(
        PartGaveUp, match="bad failed 5 times within a minute; at last it ended with status 3"
    ) as failure:
        life.result()
    assert failure.value.last_lines == ["no such table"] * 5
    assert lines_of(journal)[-1] == "stop good"


async def test_a_part_that_is_not_vital_may_fail_alone(tmp_path):
    journal = tmp_path / "journal"
    broken = program("raise SystemExit(3)")
    parts = [server("good", journal), Part("extra", lambda: broken, journal_says(journal, "never"), vital=False)]

    async with supervised(parts, tmp_path) as (supervisor, life):
        await eventually(lambda: supervisor.statuses[1].state is PartState.FAILED)

        assert supervisor.statuses[0].state is PartState.READY
    life.result()


async def test_a_part_that_cannot_be_prepared_stops_everything_at_once(tmp_path):
    def prepare() -> None:
        raise StackError("the disk is full")

    part = Part("store", lambda: program("pass"), journal_says(tmp_path, "never"), prepare=prepare)

    async with supervised([part], tmp_path) as (_, life):
        await asyncio.wait({life})

    with pytest.raises(PartGaveUp, match="store cannot start: the disk is full"):
        life.result()


async def test_a_part_that_runs_once_lets_the_next_one_start(tmp_path):
    journal = tmp_path / "journal"
    once = program("import sys, pathlib; pathlib.Path(sys.argv[1]).write_text('prepared\\n')", str(journal))
    parts = [Part("once", lambda: once), server("after", journal, "once")]

    async with supervised(parts, tmp_path) as (supervisor, _):
        await supervisor.all_started()

        assert lines_of(journal) == ["prepared", "start after"]
        assert [status.state for status in supervisor.statuses] == [PartState.DONE, PartState.READY]


async def test_a_deaf_part_is_forced_to_end(tmp_path):
    logged = tmp_path / "logs" / "deaf.log"
    command = program(STUBBORN)
    part = Part("deaf", lambda: command, journal_says(logged, "deaf"), stop_seconds=0.2)

    async with supervised([part], tmp_path) as (supervisor, life):
        await supervisor.all_started()
        process = psutil.Process(supervisor.statuses[0].process_id)
    life.result()

    assert not process.is_running()


async def test_what_a_part_started_itself_ends_with_it(tmp_path):
    parent = "import subprocess, sys\nprint(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid, flush=True)\nwhile True: pass"
    command = program("import time\n" + parent.replace("while True: pass", "time.sleep(1000)"), STUBBORN)
    logged = tmp_path / "logs" / "parent.log"
    part = Part("parent", lambda: command, journal_says(logged, "deaf"), stop_seconds=0.2)

    async with supervised([part], tmp_path) as (supervisor, _):
        await supervisor.all_started()
        grandchild = psutil.Process(int(lines_of(logged)[0]))

    await eventually(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


async def test_children_end_when_their_parent_is_killed(tmp_path):
    parent_code = textwrap.dedent(
        """
        import subprocess, sys
        from stack.launcher import tied_command
        child = subprocess.Popen(tied_command([sys.executable, "-c", "import signal; signal.pause()"]))
        print(child.pid, flush=True)
        child.wait()
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))

        parent.kill()

        await eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


async def test_what_a_killed_supervisor_left_is_ended_by_the_next_one():
    left = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    with left:
        assert left.stdout is not None
        left.stdout.readline()
        started = psutil.Process(left.pid).create_time()
        parts: list[dict[str, Any]] = [
            {"name": "left", "process_id": left.pid, "process_started": started, "stop_signal": signal.SIGKILL},
            {
                "name": "reused",
                "process_id": os.getpid(),
                "process_started": started - 1000,
                "stop_signal": signal.SIGKILL,
            },
            {"name": "never ran", "process_id": None, "process_started": None, "stop_signal": signal.SIGKILL},
        ]

        ended = end_leftovers(StackState(1, 1.0, "", demo=False, parts=parts))

        assert ended == ["left"]
        assert not psutil.pid_exists(left.pid)
