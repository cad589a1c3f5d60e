"""The agent's command as its own process, in a home of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.credential import Credential
from agent.token_store import FileTokenStore

ROOT = Path(__file__).parents[3]
# The tests may run as root, for whom nothing is installed; all else of the process is as it is.
AS_A_PERSON = "import os; os.geteuid = lambda: 1000; from agent.cli import app; app(prog_name='assistant-agent')"


@dataclass(frozen=True)
class Home:
    """A home folder with an agent's settings in it."""

    path: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings_file(self) -> Path:
        return self.path / "settings" / "agent.toml"

    @property
    def status_file(self) -> Path:
        return self.path / "settings" / "agent-status.json"

    @property
    def token_file(self) -> Path:
        return self.path / "token.json"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self.path),
            "XDG_CONFIG_HOME": str(self.path / ".config"),
            "ASSISTANT_AGENT_HOME": str(self.path / "settings"),
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
            **self.more,
        }

    def settle(self, port: int, chat_db: Path) -> None:
        """Write the settings that a pairing would leave."""
        self.settings_file.parent.mkdir(parents=True, exist_ok=True)
        self.settings_file.write_text(
            f'server = "http://127.0.0.1:{port}"\nchat_db = "{chat_db}"\ntoken_file = "{self.token_file}"\ninterval = 1\n'
        )

    def keep_token(self, port: int, token: str = "token-1") -> None:  # noqa: S107 (of a test)
        expires_at = datetime.now(UTC) + timedelta(days=7)
        FileTokenStore(self.token_file).save(Credential(f"http://127.0.0.1:{port}", "device-1", token, expires_at))

    def status(self) -> dict[str, Any]:
        """Return what the agent wrote of itself; nothing yet is nothing."""
        try:
            values: dict[str, Any] = json.loads(self.status_file.read_text())
        except FileNotFoundError:
            return {"state": None, "trouble": None}
        return values


async def start(
    home: Home, *arguments: str | Path, program: tuple[str, ...] = ("-m", "agent")
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, *program, *map(str, arguments)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=home.environment,
        cwd=home.path,
    )


async def outcome(home: Home, *arguments: str | Path) -> tuple[int | None, str]:
    """Run a command to its end, as somebody who is not root."""
    process = await start(home, *arguments, program=("-c", AS_A_PERSON))
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


@asynccontextmanager
async def running(home: Home, *arguments: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`assistant-agent run`, killed at the end if it did not end by itself."""
    process = await start(home, "run", *arguments)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
