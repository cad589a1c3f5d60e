"""`assistant-agent run`, the process that stays: what it does with everything that can stand in its way."""

import asyncio
import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stack.demo_data import append_incoming
from tests.deadline import eventually
from tests.integration.agent.agent_process import Home, outcome, running, start
from tests.integration.agent.scripted_server import Script, serving


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")


def hide(chat_db: Path) -> Path:
    return chat_db.rename(chat_db.with_name("hidden"))


async def until(home: Home, state: str, trouble: str | None = None) -> None:
    def is_so() -> bool:
        status = home.status()
        return status["state"] == state and (trouble is None or status["trouble"] == trouble)

    await eventually(is_so, 60)


async def test_it_syncs_and_says_so(home: Home, chat_db: Path):
    script = Script()
    async with serving(script) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        async with running(home) as process:
            await until(home, "idle")
            code, text = await outcome(home, "status")
            guid = append_incoming(chat_db, "Mum", "canary text")
            await eventually(lambda: guid in script.messages)
            process.send_signal(signal.SIGTERM)
            log, _ = await process.communicate()

    assert code == 0
    assert "Up to date" in text
    assert "Sent 330 messages: 330 new, 0 changed." in text
    assert f"process {process.pid}" in text
    assert process.returncode == 0
    assert home.status()["state"] == "stopped"
    assert "canary" not in log.decode() + home.status_file.read_text()


async def test_the_status_holds_no_name_and_no_handle(home: Home, chat_db: Path):
    with closing(sqlite3.connect(chat_db)) as connection:
        handles = [handle for (handle,) in connection.execute("SELECT id FROM handle")]
        names = [name for (name,) in connection.execute("SELECT display_name FROM chat WHERE display_name != ''")]
    async with serving(Script()) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        async with running(home):
            await until(home, "idle")
            _, text = await outcome(home, "status", "--json")

    assert handles
    assert names
    assert not [word for word in (*handles, *names) if word in text]


async def test_without_a_token_it_sends_nothing_and_goes_on_as_soon_as_there_is_one(home: Home, chat_db: Path):
    script = Script()
    async with serving(script) as port:
        home.settle(port, chat_db)
        async with running(home) as process:
            await until(home, "trouble", "not-paired")
            code, _ = await outcome(home, "status")
            sent_before = list(script.received)
            home.keep_token(port)
            process.send_signal(signal.SIGUSR1)  # as `pair` does
            await until(home, "idle")

    assert code == 5
    assert sent_before == []
    assert len(script.messages) == 330


async def test_a_revoked_token_is_not_the_end(home: Home, chat_db: Path):
    script = Script()
    async with serving(script) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        async with running(home) as process:
            await until(home, "idle")
            script.token = "token-9"
            append_incoming(chat_db, "Mum", "x")
            await until(home, "trouble", "not-paired")
            home.keep_token(port, "token-9")
            process.send_signal(signal.SIGUSR1)
            await until(home, "idle")

    assert len(script.messages) == 331


async def test_a_database_that_comes_later_is_read_then(home: Home, chat_db: Path):
    script = Script()
    hidden = hide(chat_db)
    async with serving(script) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        async with running(home):
            await until(home, "trouble", "cannot-read")
            code, text = await outcome(home, "status")
            hidden.rename(chat_db)
            await until(home, "idle")

    assert code == 3
    assert "there is no Messages database" in text
    assert len(script.messages) == 330


async def test_wrong_settings_are_said_and_read_again(home: Home, chat_db: Path):
    script = Script()
    async with serving(script) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        good = home.settings_file.read_text()
        home.settings_file.write_text('interval = "often"')
        async with running(home) as process:
            await until(home, "trouble")
            _, text = await outcome(home, "status")
            home.settings_file.write_text(good)
            process.send_signal(signal.SIGUSR1)
            await until(home, "idle")

    assert "`interval` must be a number of seconds" in text


async def test_asked_for_a_sync_it_runs_one(home: Home, chat_db: Path):
    script = Script()
    async with serving(script) as port:
        home.settle(port, chat_db)
        home.settings_file.write_text(home.settings_file.read_text().replace("interval = 1", "interval = 3600"))
        home.keep_token(port)
        async with running(home) as process:
            await until(home, "idle")
            beats = len(script.heartbeats)
            code, text = await outcome(home, "sync", "--once")
            await eventually(lambda: len(script.heartbeats) > beats)

    assert code == 0
    assert f"Asked the agent that runs (process {process.pid}) to sync now" in text


async def test_a_second_one_says_who_runs(home: Home, chat_db: Path):
    async with serving(Script()) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        async with running(home) as process:
            await until(home, "idle")
            code, text = await outcome(home, "run")
            following = await outcome(home, "sync")

    assert code == following[0] == 1
    assert f"an agent runs already (process {process.pid})" in text
    assert text == following[1]


async def test_one_that_was_killed_is_not_said_to_run(home: Home, chat_db: Path):
    async with serving(Script()) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        async with running(home) as process:
            await until(home, "idle")
            process.kill()
            await process.wait()
            code, text = await outcome(home, "status")
            _, as_json = await outcome(home, "status", "--json")

    values = json.loads(as_json)
    assert code == 1
    assert "ended without saying so" in text
    assert (values["state"], values["alive"]) == ("stopped", False)


async def test_an_error_that_nobody_foresaw_is_told_without_its_text(home: Home, chat_db: Path):
    async with serving(Script()) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        broken = home.path / "sitecustomize.py"
        broken.write_text(
            "import agent.sync.passes as passes\n"
            "async def run_pass(self, *, check=False):\n    raise ValueError('canary text')\n"
            "passes.Sync.run_pass = run_pass\n"
        )
        home = Home(home.path, {"PYTHONPATH": f"{home.path}:{home.environment['PYTHONPATH']}"})
        async with running(home) as process:
            log, _ = await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 1
    assert "stopped by an unexpected error: ValueError at sitecustomize.py:3" in log.decode()
    assert "canary" not in log.decode() + home.status_file.read_text()
    assert home.status()["state"] == "stopped"


async def test_a_log_file_takes_what_would_be_printed(home: Home, chat_db: Path):
    log = home.path / "logs" / "agent.log"
    async with serving(Script()) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        async with running(home, "--log-file", log) as process:
            await until(home, "idle")
            process.send_signal(signal.SIGINT)
            printed, _ = await process.communicate()

    assert process.returncode == 0
    assert printed == b""
    assert "Sent 330 messages" in log.read_text()


async def test_forgetting_the_token_stops_the_sending(home: Home, chat_db: Path):
    script = Script()
    async with serving(script) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        async with running(home):
            await until(home, "idle")
            code, text = await outcome(home, "reset", "--yes")
            await until(home, "trouble", "not-paired")
            append_incoming(chat_db, "Mum", "not for the server")
            _, doctor = await outcome(home, "doctor", "--json")

    assert code == 0
    assert "The token is forgotten." in text
    assert "stops sending within" in text
    assert len(script.messages) == 330
    token = next(check for check in json.loads(doctor)["checks"] if check["check"] == "token")
    assert token["level"] == "fail"


# A person at the menu bar, with everything but AppKit: chooses what the test wants once a line shows in the menu.
AT_THE_MENU = """
import sys, threading
import agent.cli.run as run
from agent.cli import app
from agent.menu_bar.menu import Action

class Person:
    def __init__(self):
        self.stopped = threading.Event()

    def run(self, controller):
        assert threading.current_thread() is threading.main_thread()
        plan = [step.split("=") for step in sys.argv[1:]]
        while not self.stopped.wait(0.02):
            shown = controller.menu().items[0].title
            if plan and shown.startswith(plan[0][0]):
                print("saw", shown, flush=True)
                controller.act(Action(plan.pop(0)[1]))

    def stop(self):
        self.stopped.set()

run._view = Person
app(["run", "--menu-bar"])
"""


async def test_from_the_menu_it_is_paused_until_somebody_resumes_it(home: Home, chat_db: Path):
    script = Script()
    async with serving(script) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        program = ("-c", AT_THE_MENU)
        first = await start(home, "Up to date=pause", "Paused=quit", program=program)
        printed, _ = await asyncio.wait_for(first.communicate(), 60)
        guid = append_incoming(chat_db, "Mum", "while nobody looked")
        second = await start(home, "Paused=resume", "Up to date=quit", program=program)
        printed_then, _ = await asyncio.wait_for(second.communicate(), 60)

    assert (first.returncode, second.returncode) == (0, 0)
    assert b"saw Paused" in printed
    assert printed_then.count(b"saw Paused") == 1
    assert guid in script.messages


async def test_behind_a_menu_bar_it_still_hears_the_system(home: Home, chat_db: Path):
    async with serving(Script()) as port:
        home.settle(port, chat_db)
        home.keep_token(port)
        process = await start(home, program=("-c", AT_THE_MENU))
        await until(home, "idle")
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 0
    assert home.status()["state"] == "stopped"


async def test_the_menu_bar_is_for_macs(home: Home):
    code, text = await outcome(home, "run", "--menu-bar")

    assert code == 2
    assert "--menu-bar is for macOS" in text
