"""The schema `device` on a real PostgreSQL: what is kept, and who sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from alembic import command
from assistant.device.v1 import auth_pb2
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from device_svc.storage.tables import metadata, registrations, tries
from svc_kit.database import Database
from svc_kit.migrations.runner import config_of
from tests.conftest import DatabaseAddress
from tests.device_service import PASSWORD, DeviceService
from tests.grpc_errors import failure_of

ACCOUNT_TABLES = ("accounts", "sessions", "devices", "device_tokens")
SYSTEM_TABLES = ("registrations", "tries")


async def test_the_migrations_make_what_the_tables_say(database: DatabaseAddress):
    engine = create_async_engine(database.settings.url())
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(config_of("device", sync)))
    await engine.dispose()


async def test_another_account_sees_no_row(service: DeviceService, database: DatabaseAddress):
    await _filled(service)
    service_database = Database(database.as_service("device").settings)

    async with service_database.transaction(uuid4()) as connection:
        seen = await _counts(connection, ACCOUNT_TABLES)
    await service_database.close()

    assert seen == dict.fromkeys(ACCOUNT_TABLES, 0)


async def test_the_system_sees_no_device(service: DeviceService, database: DatabaseAddress):
    await _filled(service)
    service_database = Database(database.as_service("device").settings)

    async with service_database.system_transaction() as connection:
        seen = await _counts(connection, (*ACCOUNT_TABLES, *SYSTEM_TABLES))
    await service_database.close()

    assert seen["devices"] == seen["device_tokens"] == 0
    assert all(seen[table] > 0 for table in ("accounts", "sessions", *SYSTEM_TABLES))


async def test_an_account_sees_no_registration(service: DeviceService, database: DatabaseAddress):
    account_id = await _filled(service)
    service_database = Database(database.as_service("device").settings)

    async with service_database.transaction(account_id) as connection:
        seen = await _counts(connection, ("devices", *SYSTEM_TABLES))
    await service_database.close()

    assert seen == {"devices": 1, "registrations": 0, "tries": 0}


async def test_no_secret_is_kept_as_it_is(service: DeviceService, database: DatabaseAddress):
    account_id = await service.account()
    session = (await service.auth.SignIn(auth_pb2.SignInRequest(password=PASSWORD))).token
    _, token = await service.pair(account_id, "hardware-used")
    registered = await service.register("hardware-open")
    await failure_of(service.auth.SignIn(auth_pb2.SignInRequest(account="a-name-that-nobody-has", password="x")))

    async with _owner(database) as owner:
        kept = [tuple(row) for table in metadata.sorted_tables for row in await owner.execute(table.select())]
        hashes = list(await owner.scalars(select(registrations.c.code_hash)))

    for secret in (PASSWORD, session, token, "a-name-that-nobody-has"):
        assert secret not in str(kept)
    assert "$argon2id$" in str(kept)
    assert all(len(kept_hash) == 32 and registered.code.encode() not in kept_hash for kept_hash in hashes)


async def test_counted_tries_outlive_the_service(service: DeviceService, database: DatabaseAddress):
    await service.account()
    for _ in range(3):
        await failure_of(service.auth.SignIn(auth_pb2.SignInRequest(password="wrong")))

    async with _owner(database) as owner:
        counts = list(await owner.scalars(select(tries.c.count)))

    assert counts == [3]


async def test_the_service_may_not_write_its_history(database: DatabaseAddress):
    service_database = Database(database.as_service("device").settings)

    with pytest.raises(Exception, match="permission denied"):
        async with service_database.system_transaction() as connection:
            await connection.execute(text("DELETE FROM device.alembic_version"))
    await service_database.close()


async def test_what_is_over_is_forgotten(service: DeviceService, database: DatabaseAddress):
    account_id = await service.account()
    await service.auth.SignIn(auth_pb2.SignInRequest(password=PASSWORD))
    await failure_of(service.auth.SignIn(auth_pb2.SignInRequest(account="nobody", password="x")))
    await service.pair(account_id, "hardware-0001")
    service.clock.advance(days=31)

    await service.auth.SignIn(auth_pb2.SignInRequest(password=PASSWORD))
    await service.pair(account_id, "hardware-0001")

    async with _owner(database) as owner:
        left = await _counts(owner, ("sessions", "device_tokens", "registrations", "tries"))
    # What is left of the tries is the approval's, which was right and counts none.
    assert left == {"sessions": 1, "device_tokens": 1, "registrations": 1, "tries": 1}


async def _filled(service: DeviceService) -> UUID:
    account_id = await service.account()
    await service.auth.SignIn(auth_pb2.SignInRequest(password=PASSWORD))
    await service.pair(account_id)
    await failure_of(service.auth.SignIn(auth_pb2.SignInRequest(password="wrong")))
    return account_id


async def _counts(connection: AsyncConnection, names: Iterable[str]) -> dict[str, int]:
    tables = {name: metadata.tables[f"device.{name}"] for name in names}
    return {
        name: await connection.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.items()
    }


@asynccontextmanager
async def _owner(database: DatabaseAddress) -> AsyncIterator[AsyncConnection]:
    """The owner of the database, who sees everything."""
    engine = create_async_engine(database.settings.url())
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()
