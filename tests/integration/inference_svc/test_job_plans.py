"""Taking a job and giving it its turn stay cheap when many wait: each is a look into an index."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Executable, delete, func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine

from inference_svc.jobs.storage.leases import IS_DUE, first_of
from inference_svc.jobs.storage.rows import IS_QUEUED
from inference_svc.jobs.storage.store import TURN_SERVED, next_turn
from inference_svc.storage.tables import generation_jobs
from svc_kit.database import Database
from svc_kit.ids import new_id
from tests.conftest import DatabaseAddress
from tests.contract.inference_svc.product import owner_settings

ACCOUNT = new_id()
# 100,000 jobs that wait, of 1000 accounts, and as many that ended.
FILL = text("""
    INSERT INTO inference.generation_jobs
        (account_id, id, turn, state, started_at, ended_at, max_history, suggestions, instruction, sampling,
         skip_cache, model_id, request_digest)
    SELECT CASE number % 1000 WHEN 0 THEN CAST(:account AS uuid) ELSE md5((number % 1000)::text)::uuid END,
           gen_random_uuid(), number / 1000, CASE WHEN number < 100000 THEN 'completed' ELSE 'queued' END,
           CASE WHEN number < 100000 THEN now() END, CASE WHEN number < 100000 THEN now() END, 10, 1, '', '{}', false, '', ''
    FROM generate_series(0, 199999) AS number
""")


@pytest.fixture
async def full(database: DatabaseAddress, pool: Database) -> AsyncIterator[Database]:
    async with pool.system_transaction() as connection:
        await connection.execute(delete(generation_jobs))
        await connection.execute(FILL, {"account": ACCOUNT})
    owner = create_async_engine(owner_settings(database).url())
    async with owner.begin() as connection:
        await connection.execute(text("ANALYZE inference.generation_jobs"))
    await owner.dispose()
    yield pool
    async with pool.system_transaction() as connection:
        await connection.execute(delete(generation_jobs))


@pytest.mark.parametrize(
    ("statement", "indexes"),
    [
        (first_of(IS_DUE, 20), {"ix_generation_jobs_waiting"}),
        (TURN_SERVED, {"ix_generation_jobs_served"}),
        (select(next_turn(ACCOUNT, 99)), {"ix_generation_jobs_account", "ix_generation_jobs_served"}),
        (
            select(func.count()).where(generation_jobs.c.account_id == ACCOUNT, IS_QUEUED),
            {"ix_generation_jobs_account"},
        ),
    ],
)
async def test_no_statement_of_a_turn_reads_all_that_wait(full: Database, statement: Executable, indexes: set[str]):
    asked = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]

    async with full.system_transaction() as connection:
        plan = [str(line) for line in (await connection.execute(text(f"EXPLAIN {asked}"))).scalars()]

    assert {index for index in indexes if any(index in line for line in plan)} == indexes, "\n".join(plan)
    assert not any("Seq Scan" in line or "Sort" in line for line in plan), "\n".join(plan)
