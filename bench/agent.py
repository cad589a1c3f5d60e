"""The real agent for benchmarks: it keeps no token, says nothing, and makes no wait look like work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.client import ServerClient, open_channel
from agent.credential import Credential
from agent.reporting import Summary, Trouble
from agent.server_url import parse_server_url
from agent.sync import Sync
from agent.token_store import TokenStore
from bench.sync_stack import SyncStack


@asynccontextmanager
async def agent_of(stack: SyncStack, chat_db: Path, address: str) -> AsyncIterator[tuple[Sync, ServerClient]]:
    """An agent with the stack's device token, connected to an address."""
    server, credential = parse_server_url(f"http://{address}"), credential_of(stack, address)
    async with open_channel(server) as channel:
        client = ServerClient(channel, server, credential)
        yield Sync(chat_db, client, Forgetful(), Quiet()), client


def credential_of(stack: SyncStack, address: str) -> Credential:
    """The stack's device token, for its server behind this address."""
    server = parse_server_url(f"http://{address}")
    return Credential(str(server), "bench", stack.device_token, datetime.now(UTC) + timedelta(days=7))


class Forgetful(TokenStore):
    """The token is good for as long as the benchmark runs."""

    def prepare(self) -> None:
        pass

    def load(self) -> Credential | None:
        return None

    def save(self, credential: Credential) -> None:
        pass

    def forget(self) -> bool:
        return False


class Quiet:
    """A reporter for whom waiting is a failure."""

    def started(self, first: int, last: int) -> None:
        pass

    def reached(self, row: int) -> None:
        pass

    def checking(self, row: int, last: int) -> None:
        pass

    def waiting(self, seconds: float, reason: str) -> None:
        raise RuntimeError(f"the sync had to wait: {reason}")

    def finished(self, summary: Summary) -> None:
        pass

    def trouble(self, what: Trouble, text: str) -> None:
        raise RuntimeError(text)

    def well(self) -> None:
        pass
