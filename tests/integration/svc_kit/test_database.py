"""Transactions on a real PostgreSQL: Row-Level Security, and what happens when the server goes away and comes back."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from stack.embedded.postgres import PostgresInstance
from stack.embedded.running import child_process, wait_until
from stack.ports import free_port
from svc_kit.database import Database, driver_connection
from svc_kit.errors import InvalidInput, NotFound, Unavailable
from svc_kit.settings import DatabaseSettings, from_mapping
from tests.conftest import DatabaseAddress

ANA, BEN = UUID(int=1), UUID(int=2)
CANARY = "what somebody wrote"


@pytest.fixture
async def service(database: DatabaseAddress) -> AsyncIterator[Database]:
    made = Database(database.as_service("training").settings, pool_size=2, application="test")
    for account_id in (ANA, BEN):
        async with made.transaction(account_id) as connection:
            await connection.execute(text("DELETE FROM training.feedback_events"))
    yield made
    await made.close()


async def test_a_transaction_sees_its_own_account_only(service: Database):
    await _add(service, ANA)
    await _add(service, ANA)
    await _add(service, BEN)

    assert [await _count(service, account_id) for account_id in (ANA, BEN, uuid4())] == [2, 1, 0]


async def test_a_row_of_another_account_cannot_be_written(service: Database):
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with service.transaction(ANA) as connection:
            await _insert(connection, BEN)

    assert await _count(service, BEN) == 0


async def test_the_system_sees_nothing_of_a_closed_table(service: Database):
    await _add(service, ANA)

    async with service.system_transaction() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM training.feedback_events")) == 0


async def test_a_connection_that_is_used_again_forgets_its_account(service: Database):
    await _add(service, ANA)

    async with service.system_transaction() as connection:
        assert await connection.scalar(text("SELECT current_setting('app.account_id', true)")) == ""
    seen = await asyncio.gather(*(_count(service, account_id) for account_id in [ANA, BEN] * 20))

    assert seen == [1, 0] * 20


async def test_an_error_rolls_back(service: Database):
    async def fail() -> None:
        async with service.transaction(ANA) as connection:
            await _insert(connection, ANA)
            raise NotFound("there is no such thing")

    with pytest.raises(NotFound):
        await fail()

    assert await _count(service, ANA) == 0


async def test_a_cancelled_transaction_rolls_back_and_gives_its_connection_back(service: Database):
    inside = asyncio.Event()

    async def hold() -> None:
        async with service.transaction(ANA) as connection:
            await _insert(connection, ANA)
            inside.set()
            await connection.execute(text("SELECT pg_sleep(600)"))

    for _ in range(6):  # more than the pool has
        inside.clear()
        task = asyncio.create_task(hold())
        await inside.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    assert await _count(service, ANA) == 0


async def test_an_error_does_not_quote_what_was_written(service: Database):
    with pytest.raises(DBAPIError) as caught:
        async with service.transaction(ANA) as connection:
            await connection.execute(text("SELECT CAST(:text AS integer)"), {"text": CANARY})

    assert CANARY not in str(caught.value).split("[SQL")[1]


async def test_nul_in_a_text_is_bad_input(service: Database):
    with pytest.raises(InvalidInput, match="NUL"):
        async with service.transaction(ANA) as connection:
            await connection.execute(text("SELECT CAST(:text AS text)"), {"text": "a\0b"})


async def test_without_a_server_it_is_unavailable(database: DatabaseAddress):
    away = Database(replace(database, port=free_port()).settings)

    with pytest.raises(Unavailable):
        await away.ping()
    await away.close()


async def test_when_every_connection_is_taken_it_is_unavailable(
    database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
):
    small = Database(database.as_service("training").settings, pool_size=1)
    monkeypatch.setattr(small._engine.pool, "_timeout", 0.05)

    async with small.transaction(ANA), small.transaction(ANA):
        with pytest.raises(Unavailable):
            await small.ping()
    await small.ping()
    await small.close()


async def test_it_works_again_after_the_server_broke_down(open_directory: Path):
    """Three times over: between two statements, with idle connections, and inside a statement of the driver."""
    instance = PostgresInstance(open_directory / "broken-down", free_port(), "owner-password-of-a-test", durable=False)
    database = Database(_settings(instance), pool_size=2)

    with _server(instance) as server:
        await database.ping()
        with pytest.raises(Unavailable):
            await _cut_short(database, server)
        with pytest.raises(Unavailable):
            await database.ping()

    with _server(instance) as server:
        await database.ping()
        _stop_at_once(server)
    with _server(instance) as server:
        # The connections in the pool are dead; nobody has to notice.
        await database.ping()
        with pytest.raises(Unavailable):
            await _cut_short(database, server, by_driver=True)

    with _server(instance):
        await database.ping()
        await database.close()


async def _add(service: Database, account_id: UUID) -> None:
    async with service.transaction(account_id) as connection:
        await _insert(connection, account_id)


async def _insert(connection: AsyncConnection, account_id: UUID) -> None:
    await connection.execute(
        text("""
            INSERT INTO training.feedback_events
            VALUES (:account, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
                    'accepted', 1, '', '', now(), now())
        """),
        {"account": account_id},
    )


async def _count(service: Database, account_id: UUID) -> int:
    async with service.transaction(account_id) as connection:
        return await connection.scalar(text("SELECT count(*) FROM training.feedback_events")) or 0


@contextmanager
def _server(instance: PostgresInstance) -> Iterator[subprocess.Popen[bytes]]:
    """The server, from its start (again) to its end."""
    instance.prepare()
    log = instance.data_dir.parent / "restarted.log"
    with child_process(instance.command(), log, signal.SIGINT) as server:
        wait_until(instance.is_ready, server, log)
        yield server


async def _cut_short(database: Database, server: subprocess.Popen[bytes], *, by_driver: bool = False) -> None:
    async with database.system_transaction() as connection:
        driver = await driver_connection(connection)
        _stop_at_once(server)
        if by_driver:
            await driver.execute("SELECT 1")
        else:
            await connection.execute(text("SELECT 1"))


def _stop_at_once(server: subprocess.Popen[bytes]) -> None:
    """As hard as can be while nothing of it is left when this returns."""
    server.send_signal(signal.SIGQUIT)
    server.wait()


def _settings(instance: PostgresInstance) -> DatabaseSettings:
    return from_mapping(
        DatabaseSettings,
        host=instance.host,
        port=instance.port,
        user=instance.user,
        password=SecretStr(instance.owner_password),
        name="postgres",
    )
