"""The agent against the real device_svc and sync_svc on real PostgreSQL, over a wire that breaks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from assistant.device.v1 import devices_pb2
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc, sync_pb2
from pydantic import SecretStr

from agent import __version__
from agent.errors import NotPaired
from agent.reporting import Summary
from agent.sync import SyncLimits
from agent.sync.cursor import Cursor
from agent.sync.delivery import Delivery
from agent.sync.retry_policy import RetryPolicy
from stack.demo_data import append_incoming
from svc_kit.clients import channel_to
from svc_kit.server import running
from svc_kit.settings import from_mapping
from sync_svc.settings import SyncSettings
from sync_svc.wiring import build
from tests.chatdb_builder import ANA, ChatDb
from tests.conftest import DatabaseAddress
from tests.deadline import eventually_answers
from tests.device_service import (
    INTERNAL_KEY,
    DeviceService,
    device_service,
    device_settings,
    empty_device_tables,
    write_signing_key,
)
from tests.integration.agent.agent_run import agent_at
from tests.integration.agent.breakable_link import breakable_link
from tests.sync_service import chat, incoming


@dataclass
class Services:
    """Two running services, an account and its paired device."""

    devices: DeviceService
    sync_port: int
    account_id: UUID
    device_id: str
    token: str
    query: Callable[..., Awaitable[int]]

    async def stored_messages(self) -> int:
        return await self.query("SELECT count(*) FROM sync.messages WHERE account_id = $1", self.account_id)

    async def conversations(self) -> list[conversations_pb2.Conversation]:
        async with channel_to(f"127.0.0.1:{self.sync_port}") as channel:
            answer = await conversations_pb2_grpc.ConversationsServiceStub(channel).ListConversations(
                conversations_pb2.ListConversationsRequest(page_size=200),
                metadata=self.devices.acting_for(self.account_id),
            )
        return list(answer.conversations)


@pytest.fixture
async def services(database: DatabaseAddress, tmp_path: Path) -> AsyncIterator[Services]:
    await empty_device_tables(database)
    async with (
        device_service(device_settings(database, write_signing_key(tmp_path / "key.pem"))) as devices,
        running(await build(sync_settings(database, devices.port))) as sync,
        a_look_at(database) as query,
    ):
        account_id = await devices.account()
        device_id, token = await devices.pair(account_id)
        yield Services(devices, sync.port, account_id, device_id, token, query)


def sync_settings(database: DatabaseAddress, device_port: int) -> SyncSettings:
    service = database.as_service("sync")
    return from_mapping(
        SyncSettings,
        host=service.host,
        port=service.port,
        user=service.user,
        password=SecretStr(service.password),
        name=service.name,
        internal_key=SecretStr(INTERNAL_KEY),
        device_address=f"127.0.0.1:{device_port}",
        listen="127.0.0.1:0",
    )


@asynccontextmanager
async def a_look_at(database: DatabaseAddress) -> AsyncIterator[Callable[..., Awaitable[int]]]:
    connection = await asyncpg.connect(
        host=database.host, port=database.port, user=database.user, password=database.password, database=database.name
    )
    try:
        yield connection.fetchval
    finally:
        await connection.close()


async def test_the_demo_arrives_whole_with_names_and_who_waits(services: Services, chat_db: Path, address_book: Path):
    async with agent_at(services.sync_port, chat_db, token=services.token, address_book=address_book) as agent:
        summary = await agent.sync.run_pass()

    conversations = {conversation.display_name: conversation for conversation in await services.conversations()}
    assert summary == Summary(sent=330, inserted=330, updated=0)
    assert sum(conversation.message_count for conversation in conversations.values()) == 330
    assert len(conversations["Ruth Adeyemi"].chats) == 2
    assert {"Sunday hike", "Ruth Adeyemi", "נועה אלון", "Dr. Vance, dentist"} <= set(conversations)
    assert conversations["Sunday hike"].needs_reply
    assert not conversations["Jonas Lind"].needs_reply


async def test_a_second_pass_sends_only_what_is_new(services: Services, chat_db: Path):
    async with agent_at(services.sync_port, chat_db, token=services.token) as agent:
        await agent.sync.run_pass()
        append_incoming(chat_db, "Mum", "And bring the blue bowl")

        summary = await agent.sync.run_pass()

    assert summary == Summary(sent=1, inserted=1, updated=0)


async def test_messages_that_were_edited_at_length_arrive(services: Services, tmp_path: Path):
    with ChatDb(tmp_path / "chat.db") as db:
        chat = db.direct(ANA)
        for _ in range(60):
            edited = db.rich(chat, "x", sender=ANA)
            earlier = [("語" * 10_000, 770_000_000.0 + number) for number in range(5)]
            db.edit(edited.guid, [*earlier, ("short", 770_000_009.0)])
        db.rich(chat, "after them", sender=ANA)

        async with agent_at(services.sync_port, db.path, token=services.token) as agent:
            summary = await agent.sync.run_pass()

    assert summary.inserted == 61
    assert await services.stored_messages() == 61
    assert not agent.reporter.waits


async def test_the_one_message_that_the_server_refuses_is_found_among_many(services: Services, chat_db: Path):
    messages = [incoming(str(number), state_hash=number + 1) for number in range(500)]
    messages[123].sender_id = "x" * 301

    async with agent_at(services.sync_port, chat_db, token=services.token) as agent:
        delivery = Delivery(agent.client, RetryPolicy(1, agent.reporter), agent.reporter)
        request = sync_pb2.SyncMessagesRequest(conversations=[chat()], messages=messages, cursor="behind them")
        summary = await delivery.send([request])
        again = await delivery.send([request])
        state = await agent.client.sync_state()

    assert (summary.sent, summary.inserted, summary.refused) == (499, 499, 1)
    assert (again.sent, again.inserted, again.refused) == (499, 0, 0)
    assert await services.stored_messages() == 499
    assert state.cursor == "behind them"
    ((_, text),) = agent.reporter.troubles
    assert "sender_id" in text
    assert "xxx" not in text


async def test_over_a_breaking_wire_all_that_was_acknowledged_is_kept_and_nothing_is_doubled(
    services: Services, bulk_db: Path
):
    seen: list[tuple[int, int]] = []

    async with (
        breakable_link(services.sync_port, break_after=[150_000, 90_000, 400, 300_000]) as link,
        agent_at(services.sync_port, bulk_db, token=services.token) as observer,
    ):

        async def look() -> None:
            state = await observer.client.sync_state()
            seen.append((Cursor.from_text(state.cursor).place.rowid, await services.stored_messages()))

        limits = SyncLimits(stream_messages=1_000)
        async with agent_at(link.port, bulk_db, token=services.token, limits=limits, on_pause=look) as agent:
            await agent.sync.run_pass()

    assert link.breaks == 4
    assert len(seen) >= 3
    assert all(stored >= acknowledged for acknowledged, stored in seen)
    assert await services.stored_messages() == 5_000
    assert agent.reporter.rows[-1] == 5_000


async def test_a_deactivated_device_is_told_to_pair_again(services: Services, chat_db: Path):
    async with agent_at(services.sync_port, chat_db, token=services.token) as agent:
        await agent.sync.run_pass()
        await services.devices.devices.DeactivateDevice(
            devices_pb2.DeactivateDeviceRequest(device_id=services.device_id),
            metadata=services.devices.acting_for(services.account_id),
        )

        async def refused() -> bool:
            try:
                await agent.client.sync_state()
            except NotPaired:
                return True
            return False

        await eventually_answers(refused)


async def test_a_token_is_renewed_at_the_real_device_svc(services: Services, chat_db: Path):
    async with agent_at(services.devices.port, chat_db, token=services.token) as agent:
        renewed = await agent.client.renew_token()

    async with agent_at(services.sync_port, chat_db, token=renewed.token) as agent:
        await agent.sync.run_pass()

    assert await services.stored_messages() == 330


async def test_the_server_hears_of_the_agents_health(services: Services, chat_db: Path):
    async with agent_at(services.sync_port, chat_db, token=services.token) as agent:
        server_time = await agent.client.heartbeat(sync_pb2.AGENT_HEALTH_CANNOT_READ, "no Full Disk Access")

        device = None
        async with asyncio.timeout(30):
            while device is None or device.health != devices_pb2.DEVICE_HEALTH_CANNOT_READ:
                answer = await services.devices.devices.GetDevice(
                    devices_pb2.GetDeviceRequest(device_id=services.device_id),
                    metadata=services.devices.acting_for(services.account_id),
                )
                device = answer.device
                await asyncio.sleep(0.02)

    assert device.health_message == "no Full Disk Access"
    assert device.agent_version == __version__
    assert abs(server_time - datetime.now(UTC)) < timedelta(minutes=1)
