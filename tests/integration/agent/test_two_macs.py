"""Two Macs of one owner, one of which has not heard of what happened on the other: agents against a real sync_svc."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from assistant.sync.v1 import conversations_pb2 as pb

from agent.reporting import Summary
from stack.demo_data.address_book import write_address_book
from tests.chatdb_builder import ANA, ChatDb
from tests.conftest import DatabaseAddress
from tests.integration.agent.agent_run import AgentRun, agent_at
from tests.sync_service import Caller, SyncService, conversations_of, messages_of, running_sync_service

SECOND = 1_000_000_000
APPLE_EPOCH = 978_307_200
TEXTS = ("regretted", "kept")
MAIL = "ana@example.com"


@pytest.fixture(scope="module")
async def service(database: DatabaseAddress) -> AsyncIterator[SyncService]:
    """sync_svc on a fresh database."""
    async with running_sync_service(database) as running:
        yield running


@pytest.fixture
def macs(tmp_path: Path) -> Iterator[tuple[ChatDb, ChatDb]]:
    """Two databases with the same messages, of an hour ago."""
    with ChatDb(tmp_path / "first.db") as first, ChatDb(tmp_path / "second.db") as second:
        start = (int(time.time()) - APPLE_EPOCH - 3_600) * SECOND
        for mac in (first, second):
            mac.clock = start
            chat = mac.direct(ANA)
            for text in TEXTS:
                mac.rich(chat, text, sender=ANA)
        yield first, second


def _first_of(mac: ChatDb) -> str:
    return str(mac.connection.execute("SELECT guid FROM message ORDER BY ROWID").fetchone()[0])


@asynccontextmanager
async def _agents(
    service: SyncService, me: Caller, *macs: ChatDb, books: Sequence[Path | None] = (None, None)
) -> AsyncIterator[tuple[AgentRun, AgentRun]]:
    """An agent for each Mac, which has not looked yet."""
    devices = [me.device_id, service.caller(me.account_id).device_id]
    first, second = (service.devices.token(me.account_id, "device", device) for device in devices)
    async with (
        agent_at(service.port, macs[0].path, token=first, address_book=books[0]) as one,
        agent_at(service.port, macs[1].path, token=second, address_book=books[1]) as two,
    ):
        yield one, two


async def _stored(me: Caller) -> dict[str, pb.Message]:
    messages = [m for one in await conversations_of(me) for m in await messages_of(me, one.conversation_id)]
    return {one.imessage_guid: one for one in messages}


async def _compare(*agents: AgentRun, rounds: int = 3) -> list[Summary]:
    """Compare everything, each in turn."""
    return [await agent.sync.run_pass(check=True) for _ in range(rounds) for agent in agents]


async def test_two_macs_that_differ_for_ever_settle_at_the_newer_state(
    service: SyncService, macs: tuple[ChatDb, ChatDb]
):
    me = service.caller()
    guid = _first_of(macs[0])
    async with _agents(service, me, *macs) as (first, second):
        await first.sync.run_pass()
        macs[0].unsend(guid)
        await first.sync.run_pass()

        started = await second.sync.run_pass()
        after_start = (await _stored(me))[guid]
        compared = await _compare(first, second)

    stored = (await _stored(me))[guid]
    assert (after_start.text, stored.text, stored.HasField("unsent_at")) == ("", "", True)
    # The second sends its state when it starts, finds that it does not count, and does not send it again.
    assert started.sent > 0 == started.updated
    assert [(one.sent, one.updated, one.deleted) for one in compared] == [(0, 0, 0)] * len(compared)


async def test_a_message_that_was_deleted_on_one_mac_is_not_brought_back_by_the_other(
    service: SyncService, macs: tuple[ChatDb, ChatDb]
):
    me = service.caller()
    guid = _first_of(macs[0])
    async with _agents(service, me, *macs) as (first, second):
        await first.sync.run_pass()
        await second.sync.run_pass()
        macs[1].put_into_recently_deleted(guid)
        deleted = await second.sync.run_pass()

        compared = await _compare(first, second)
        gone = await _stored(me)
        macs[1].take_back(guid)
        await second.sync.run_pass()

    assert (deleted.deleted, [(one.inserted, one.deleted) for one in compared]) == (1, [(0, 0)] * len(compared))
    # The first sends it once, and then knows.
    assert [one.sent for one in compared] == [1] + [0] * (len(compared) - 1)
    assert (guid in gone, guid in await _stored(me)) == (False, True)


async def test_a_mac_without_an_address_book_parts_nobody_and_takes_no_name_away(
    service: SyncService, macs: tuple[ChatDb, ChatDb], tmp_path: Path
):
    me, book = service.caller(), tmp_path / "AddressBook"
    write_address_book(book, [("Ana", "Lund", ["(202) 555-0150"], [MAIL])])
    chats = [mac.direct(MAIL) for mac in macs]
    for mac, chat in zip(macs, chats, strict=True):
        mac.rich(chat, "by mail", sender=MAIL)

    async def shown() -> list[tuple[str, int]]:
        return [(one.display_name, len(one.chats)) for one in await conversations_of(me)]

    async with _agents(service, me, *macs, books=[book, None]) as (first, second):
        await second.sync.run_pass()
        apart = await shown()
        await first.sync.run_pass()
        together = await shown()
        macs[1].rich(chats[1], "one more", sender=MAIL)
        await second.sync.run_pass()
        await _compare(first, second)

    assert (sorted(apart), together) == ([(ANA, 1), (MAIL, 1)], [("Ana Lund", 2)])
    assert await shown() == together
