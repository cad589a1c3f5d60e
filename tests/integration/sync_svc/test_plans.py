"""What is asked often is looked up in an index, also by a plan that was made before the values were known.

Under Row-Level Security an index is used only for what cannot leak, which an innocent rewriting of a condition may lose.
"""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from sync_svc.storage import deleted_messages, queries
from sync_svc.storage.digest_store import DIGESTS, STATES
from tests.conftest import DatabaseAddress

ACCOUNT, CHAT = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
KEY = f"'2024-05-01T12:00Z', '{CHAT}'"


@pytest.fixture
async def connection(database: DatabaseAddress) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """The service's role, to which tables are never read from end to end, and values are not known in time."""
    address = database.as_service("sync").settings.url().set(drivername="postgresql")
    opened = await asyncpg.connect(address.render_as_string(hide_password=False))
    for setting in ("enable_seqscan = off", "enable_bitmapscan = off", "plan_cache_mode = force_generic_plan"):
        await opened.execute(f"SET {setting}")
    yield opened
    await opened.close()


async def _plan(connection: "asyncpg.Connection[Any]", statement: str, values: str) -> list[str]:
    await connection.execute(f"PREPARE asked AS {statement}")
    return [
        line[0].strip() for line in await connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE asked('{ACCOUNT}', {values})")
    ]


@pytest.mark.parametrize(
    ("statement", "values", "condition"),
    [
        (queries.LIST_CONVERSATIONS, f"50, {KEY}", "ROW(last_message_at, id) <"),
        (queries.LIST_CONVERSATIONS, f"50, {KEY}", "merge_key ="),
        (queries.CONVERSATIONS_BY_ID, "'{" + CHAT + "}'", "id = ANY"),
        (queries.CONVERSATIONS_BY_KEY, "'{person}'", "merge_key = ANY"),
        (queries.LIST_MESSAGES, f"'{CHAT}', 50, {KEY}", "ROW(sent_at, id) <"),
        (queries.CONTEXT, f"'{CHAT}', 20, {KEY}", "ROW(sent_at, id) <="),
        (queries.HISTORY, f"'{CHAT}', 500, {KEY}", "ROW(sent_at, id) >"),
        (DIGESTS, "'', '2024-05-01T12:00Z', 500", "sent_at >="),
        (DIGESTS, "'', '2024-05-01T12:00Z', 500", "imessage_id >"),
        (STATES, f"'c', '2024-05-01T12:00Z', {KEY}, 500", "sent_at >="),
        (STATES, f"'c', '2024-05-01T12:00Z', {KEY}, 500", "ROW(sent_at, id) <"),
        (deleted_messages.FIND, f"'{CHAT}', '{{a,b}}'", "imessage_guid = ANY"),
    ],
)
async def test_what_is_asked_often_is_looked_up(
    connection: "asyncpg.Connection[Any]", statement: str, values: str, condition: str
):
    plan = await _plan(connection, statement, values)

    assert any(line.startswith("Index Cond:") and condition in line for line in plan), "\n".join(plan)


@pytest.mark.parametrize("statement", [queries.LIST_MESSAGES, queries.CONTEXT, queries.HISTORY])
async def test_messages_come_from_the_index_in_their_order(connection: "asyncpg.Connection[Any]", statement: str):
    plan = await _plan(connection, statement, f"'{CHAT}', 50, {KEY}")

    # One sorting: of the few that each chat gave.
    assert sum(line.startswith("Sort Key") or "Incremental Sort" in line for line in plan) == 1, "\n".join(plan)
    assert any("using ix_messages_newest" in line for line in plan), "\n".join(plan)
