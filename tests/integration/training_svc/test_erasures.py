"""Erasing while feedback comes, and what erasing reads, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from assistant.training.v1 import samples_pb2 as pb
from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine

from svc_kit.database import Database
from svc_kit.erasure import Erasure, id_floor, lock_number
from svc_kit.ids import new_id
from tests.conftest import DatabaseAddress
from tests.deadline import eventually_answers
from tests.training_service import TrainingService, feedback, prompt_of, run_as_owner
from training_svc.storage.erasures import samples_of
from training_svc.storage.tables import erased, samples
from training_svc.storage.transactions import PostgresTransactions


@pytest.fixture
async def pool(database: DatabaseAddress, service: TrainingService) -> AsyncIterator[Database]:
    opened = Database(database.as_service("training").settings)
    yield opened
    await opened.close()


async def _waiting_for_the_lock(database: DatabaseAddress, account: UUID) -> bool:
    number = lock_number(account) & 0xFFFFFFFF
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 22 AND objid::bigint = $1 AND NOT granted"
    return bool(await run_as_owner(database, query, number))


async def test_feedback_waits_for_an_erasure_that_runs(
    service: TrainingService, account: UUID, database: DatabaseAddress, pool: Database
):
    prompt = prompt_of("Hi")
    erasure = Erasure(new_id(), message_ids=[UUID(prompt.turns[0].message_id)])

    async with PostgresTransactions(pool).account(account) as scope:
        await scope.erasures.erase(erasure)
        recording = asyncio.create_task(service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt)))
        await eventually_answers(lambda: _waiting_for_the_lock(database, account))

    assert await recording == ""
    assert await service.all(account) == []


async def test_an_erasure_waits_for_feedback_that_is_being_kept(
    service: TrainingService, account: UUID, database: DatabaseAddress, pool: Database
):
    prompt = prompt_of("Hi")
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt)
    # Holds the feedback's transaction open after it has looked for tombstones: it waits for this event of the same id.
    async with pool.transaction(account) as blocking:
        await blocking.execute(text(_EVENT), {"account": account, "event": UUID(event.event_id)})
        recording = asyncio.create_task(service.record(event))
        await eventually_answers(lambda: _holds_the_lock(database, account))
        erasing = asyncio.create_task(service.erase(account, message_ids=[prompt.turns[0].message_id]))
        await eventually_answers(lambda: _waiting_for_the_lock(database, account))
        await blocking.rollback()

    assert await recording
    assert await erasing == 1
    assert await service.all(account) == []


_EVENT = """
    INSERT INTO training.feedback_events (account_id, event_id, sample_id, response_id, conversation_id, kind, confidence,
                                          rejection_reason, model_version, acted_at, created_at)
    VALUES (:account, :event, :event, :event, :event, 'accepted', 1, '', '', now(), now())
"""


async def _holds_the_lock(database: DatabaseAddress, account: UUID) -> bool:
    number = lock_number(account) & 0xFFFFFFFF
    query = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 22 AND objid::bigint = $1 AND granted"
    )
    return bool(await run_as_owner(database, query, number))


async def test_tombstones_are_kept_for_a_day(service: TrainingService, account: UUID, pool: Database):
    async with pool.transaction(account) as connection:
        for age in ("25 hours", "23 hours"):
            await connection.execute(
                insert(erased).values(
                    account_id=account, id=new_id(), is_whole=True, erased_at=text(f"now() - interval '{age}'")
                )
            )

    await service.erase(account, message_ids=[str(new_id())])

    async with pool.transaction(account) as connection:
        assert await connection.scalar(select(func.count()).select_from(erased)) == 2


async def test_erasing_messages_reads_a_range_of_the_primary_key(
    database: DatabaseAddress, pool: Database, account: UUID
):
    message = new_id()
    async with pool.transaction(account) as connection:
        await connection.execute(text(_FILL), {"account": account})
    owner = create_async_engine(database.settings.url())
    async with owner.begin() as connection:
        await connection.execute(text("ANALYZE training.samples"))
    await owner.dispose()
    _, of_messages = samples_of(Erasure(new_id(), message_ids=[message], touched_conversation_ids=[new_id()]))
    query = select(samples.c.sample_id).where(samples.c.account_id == account, of_messages)
    asked = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})

    async with pool.transaction(account) as connection:
        plan = [str(line) for line in (await connection.execute(text(f"EXPLAIN {asked}"))).scalars()]

    condition = next(line for line in plan if "Index Cond" in line)
    assert any("pk_samples" in line for line in plan), "\n".join(plan)
    assert f"sample_id >= '{id_floor([message])}'" in condition, "\n".join(plan)


# 20,000 samples of the last year.
_FILL = """
    INSERT INTO training.samples (account_id, sample_id, input_context, expected_output, source, quality, created_at,
                                  updated_at, negative)
    SELECT :account, (lpad(to_hex(((extract(epoch FROM now()) - number * 1500) * 1000)::bigint), 12, '0')
                      || '7000' || 'a' || lpad(to_hex(number), 15, '0'))::uuid,
           '', '', 'manual', 1, now(), now(), false
    FROM generate_series(1, 20000) AS number
"""
