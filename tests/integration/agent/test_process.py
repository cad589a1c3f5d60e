"""The command as its own process: what it prints, how it exits, and that it stops when told."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.credential import Credential
from agent.token_store import FileTokenStore
from stack.demo_data import append_incoming
from tests.deadline import eventually
from tests.integration.agent.scripted_server import Script, serving

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def running_agent(*arguments: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def outcome(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


def token_for(port: int, folder: Path) -> Path:
    path = folder / "token"
    server = f"http://127.0.0.1:{port}"
    FileTokenStore(path).save(Credential(server, "device-1", "token-1", datetime.now(UTC) + timedelta(days=7)))
    return path


def options(port: int, chat_db: Path) -> list[str | Path]:
    token_file = token_for(port, chat_db.parent)
    return ["sync", "--server", f"http://127.0.0.1:{port}", "--chat-db", chat_db, "--token-file", token_file]


async def test_once_says_what_it_did_and_exits(chat_db: Path):
    async with serving(Script()) as port:
        async with running_agent(*options(port, chat_db), "--once") as first:
            code, text = await outcome(first)
        async with running_agent(*options(port, chat_db), "--once") as second:
            code_again, text_again = await outcome(second)

    assert (code, code_again) == (0, 0)
    assert text.strip().endswith("Sent 330 messages: 330 new, 0 changed.")
    assert text_again.strip().endswith("Nothing new: the server has everything.")


async def test_following_prints_no_message_and_stops_when_told(chat_db: Path):
    script = Script()
    async with serving(script) as port, running_agent(*options(port, chat_db)) as process:
        await eventually(lambda: len(script.messages) == 330)
        append_incoming(chat_db, "Mum", "canary text")
        await eventually(lambda: len(script.messages) == 331)
        process.send_signal(signal.SIGTERM)
        code, text = await outcome(process)

    assert code == 130
    assert "canary" not in text
    assert "Traceback" not in text


async def test_a_refused_token_is_one_line_and_exit_code_5(chat_db: Path):
    async with serving(Script(token="another")) as port, running_agent(*options(port, chat_db), "--once") as process:
        code, text = await outcome(process)

    assert code == 5
    assert text.count("\n") == 1
    assert "refuses this device (the token was revoked); pair again: assistant-agent pair --server" in text
