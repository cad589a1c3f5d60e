"""Writers of one account take turns; writers of different accounts do not wait for each other."""

import asyncio
from uuid import uuid4

from svc_kit.database import Database
from sync_svc.api.parse_batches import batch_of_stream
from sync_svc.domain.conversations import Settings
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.browse_store import PostgresBrowseStore
from sync_svc.storage.ingest_store import PostgresIngestStore
from tests.conftest import DatabaseAddress
from tests.sync_service import chat, incoming, request

DEVICE = uuid4()


async def _in_other_process(database: DatabaseAddress) -> tuple[Database, PostgresIngestStore]:
    """Stores that share no lock in memory with the fixtures'."""
    pool = Database(database.as_service("sync").settings, application="other")
    return pool, PostgresIngestStore(pool, AccountWriter(pool))


async def test_many_writers_in_two_processes_lose_and_double_nothing(
    database: DatabaseAddress, ingest_store: PostgresIngestStore, browse_store: PostgresBrowseStore
):
    account = uuid4()
    other_pool, other_store = await _in_other_process(database)
    batches = [
        batch_of_stream(request(*(incoming(f"g{(start + n) % 300}", f"v{start}", n) for n in range(100)), cursor="c"))
        for start in range(0, 300, 30)
    ]

    written = await asyncio.gather(
        *(store.write(account, DEVICE, [batch]) for batch in batches for store in (ingest_store, other_store))
    )

    page = await browse_store.list_conversations(account, None, 10)
    await other_pool.close()
    assert sum(one.inserted for one in written) == 300
    assert page.conversations[0].message_count == 300


async def test_deleting_a_conversation_while_it_is_written_leaves_no_orphans(
    pool: Database, ingest_store: PostgresIngestStore, browse_store: PostgresBrowseStore, database: DatabaseAddress
):
    account = uuid4()
    await ingest_store.write(account, DEVICE, [batch_of_stream(request(incoming("first")))])
    conversation = (await browse_store.list_conversations(account, None, 1)).conversations[0]
    batches = [batch_of_stream(request(incoming(f"g{n}", minutes=n + 1))) for n in range(20)]

    await asyncio.gather(
        *(ingest_store.write(account, DEVICE, [batch]) for batch in batches[:10]),
        browse_store.delete_conversation(account, conversation.id),
        *(ingest_store.write(account, DEVICE, [batch]) for batch in batches[10:]),
    )

    found = (await browse_store.list_conversations(account, None, 10)).conversations
    state = await ingest_store.sync_state(account, DEVICE)
    listed = [len((await browse_store.list_messages(account, one.id, None, 100)).messages) for one in found]
    assert sum(listed) == state.message_count == sum(one.message_count for one in found)


async def test_consent_withdrawn_while_chats_join_stays_withdrawn(
    ingest_store: PostgresIngestStore, browse_store: PostgresBrowseStore
):
    account = uuid4()
    batches = [
        batch_of_stream(request(incoming(f"g{n}", conversation_id=f"c{n}"), conversations=[chat(f"c{n}", "k")]))
        for n in range(20)
    ]
    await ingest_store.write(account, DEVICE, batches[:1])
    conversation = (await browse_store.list_conversations(account, None, 1)).conversations[0]
    await browse_store.change_settings(account, conversation.id, Settings(train=True), ["train"])

    await asyncio.gather(
        *(ingest_store.write(account, DEVICE, [batch]) for batch in batches[1:10]),
        browse_store.change_settings(account, conversation.id, Settings(train=False), ["train"]),
        *(ingest_store.write(account, DEVICE, [batch]) for batch in batches[10:]),
    )

    (shown,) = (await browse_store.list_conversations(account, None, 10)).conversations
    assert [one.settings.train for one in shown.chats] == [False] * 20


async def test_chats_described_by_two_devices_at_once_become_one_conversation(
    database: DatabaseAddress, ingest_store: PostgresIngestStore, browse_store: PostgresBrowseStore
):
    account = uuid4()
    other_pool, other_store = await _in_other_process(database)
    batches = [
        batch_of_stream(request(incoming(f"g{n}", conversation_id=f"c{n % 5}"), conversations=[chat(f"c{n % 5}", "k")]))
        for n in range(20)
    ]

    await asyncio.gather(
        *(
            store.write(account, DEVICE, [batch])
            for batch, store in zip(batches, [ingest_store, other_store] * 10, strict=True)
        )
    )

    (shown,) = (await browse_store.list_conversations(account, None, 10)).conversations
    await other_pool.close()
    assert (len(shown.chats), shown.message_count) == (5, 20)
    assert [one.merged_into for one in shown.chats] == [None] + [shown.id] * 4


async def test_another_account_does_not_wait(writer: AccountWriter, ingest_store: PostgresIngestStore):
    async with writer.transaction(uuid4()):
        written = await ingest_store.write(uuid4(), DEVICE, [batch_of_stream(request(incoming("a")))])

    assert written.inserted == 1
