"""The agent's parts, put together as the command line does, with everything observable."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.client import ServerClient, open_channel
from agent.credential import Credential
from agent.errors import AgentError
from agent.reporting import Summary, Trouble
from agent.server_url import parse_server_url
from agent.sync import Sync, SyncLimits

FIRST_TOKEN = "token-1"


@dataclass
class RecordingReporter:
    """Remembers what it was told."""

    rows: list[int] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    troubles: list[tuple[Trouble, str]] = field(default_factory=list)
    wells: int = 0
    checked: int = 0

    def started(self, first: int, last: int) -> None:
        self.rows.append(first)

    def reached(self, row: int) -> None:
        self.rows.append(row)

    def waiting(self, seconds: float, reason: str) -> None:
        self.waits.append(reason)

    def checking(self, row: int, last: int) -> None:
        self.checked = row

    def finished(self, summary: Summary) -> None:
        self.summaries.append(summary)

    def trouble(self, what: Trouble, text: str) -> None:
        if (what, text) not in self.troubles:
            self.troubles.append((what, text))

    def well(self) -> None:
        self.wells += 1


@dataclass
class InMemoryTokenStore:
    """Keeps a credential in memory, or is closed."""

    credential: Credential | None = None
    closed: bool = False

    def prepare(self) -> None:
        pass

    def load(self) -> Credential | None:
        return self.credential

    def save(self, credential: Credential) -> None:
        if self.closed:
            raise AgentError("no keychain can be used here")
        self.credential = credential

    def forget(self) -> bool:
        self.credential = None
        return True


@dataclass
class AgentRun:
    """An agent connected to a server, and what can be seen of it."""

    sync: Sync
    client: ServerClient
    store: InMemoryTokenStore
    reporter: RecordingReporter


@asynccontextmanager
async def agent_at(
    port: int,
    chat_db: Path,
    *,
    limits: SyncLimits | None = None,
    token: str = FIRST_TOKEN,
    expires_in: timedelta = timedelta(days=7),
    on_pause: Callable[[], Awaitable[None]] | None = None,
    **options: Any,
) -> AsyncIterator[AgentRun]:
    """Connect an agent whose pauses take no time."""
    server = parse_server_url(f"http://127.0.0.1:{port}")
    credential = Credential(str(server), "device-1", token, datetime.now(UTC) + expires_in)
    store = InMemoryTokenStore(credential)
    reporter = RecordingReporter()

    async def pause(seconds: float) -> None:
        if on_pause is not None:
            await on_pause()

    async with open_channel(server) as channel:
        client = ServerClient(channel, server, credential)
        sync = Sync(chat_db, client, store, reporter, limits, pause, **options)
        yield AgentRun(sync, client, store, reporter)
