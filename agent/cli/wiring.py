"""Puts the agent's parts together. The only module that knows how a sync is made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from agent.client import ServerClient, open_channel
from agent.controls import Controls
from agent.credential import Credential
from agent.errors import NotPaired, UsageError
from agent.follow import Follow, Intervals
from agent.reporting import Reporter, Summary
from agent.server_url import ServerUrl, parse_server_url
from agent.settings import Settings
from agent.sync import Sync, SyncLimits
from agent.token_store import TokenStore
from agent.watch import change_source
from agent.watcher import Watcher


@asynccontextmanager
async def sync_with(
    settings: Settings,
    store: TokenStore,
    credential: Credential,
    reporter: Reporter,
    limits: SyncLimits | None = None,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[tuple[Sync, ServerClient]]:
    """Connect to the server that gave the credential."""
    server = parse_server_url(credential.server)
    async with open_channel(server, settings.ca_file) as channel:
        client = ServerClient(channel, server, credential)
        yield (
            Sync(
                settings.chat_db,
                client,
                store,
                reporter,
                limits,
                pause,
                privacy=settings.privacy(),
                address_book=settings.address_book_folder,
            ),
            client,
        )


async def sync_once(
    settings: Settings, store: TokenStore, credential: Credential, reporter: Reporter, *, check: bool
) -> Summary:
    """Run one pass."""
    async with sync_with(settings, store, credential, reporter) as (sync, _):
        return await sync.run_pass(check=check)


async def follow(
    settings: Settings,
    store: TokenStore,
    credential: Credential,
    reporter: Reporter,
    controls: Controls,
    *,
    database_must_be_there: bool = False,
) -> None:
    """Sync until cancelled. Raises NotPaired when the server refuses the device."""
    async with sync_with(settings, store, credential, reporter) as (sync, client):
        with Watcher(settings.chat_db) as watcher, change_source(settings.chat_db) as source:
            if database_must_be_there:
                watcher.changed()
            intervals = Intervals(full=settings.interval)
            await Follow(sync, client, watcher, reporter, controls, intervals, source=source).run()


def credential_for(server: ServerUrl, store: TokenStore) -> Credential:
    """Return the token that this server gave."""
    credential = store.load()
    if credential is None:
        raise NotPaired("this device is not paired yet")
    if credential.server != str(server):
        # Whoever holds a token can act with it, so it goes to nobody else.
        raise UsageError(f"that token is for {credential.server}, not for {server}")
    return credential
