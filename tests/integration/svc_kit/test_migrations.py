"""Bringing a database up to date."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from svc_kit.database import Database
from svc_kit.errors import Unavailable
from svc_kit.migrations.runner import SERVICES, config_of, migrate, role_of
from tests.conftest import DatabaseAddress, MakeDatabase, role_password

PASSWORDS = {schema: role_password(schema) for schema in SERVICES}


async def test_a_database_that_is_not_there_is_made(make_database: MakeDatabase):
    fresh = replace(make_database(), name="made_by_the_migrations")

    await migrate(fresh.settings, PASSWORDS)

    for schema in SERVICES:
        service = Database(fresh.as_service(schema).settings)
        await service.ping()
        await service.close()


async def test_migrating_again_and_at_the_same_time_changes_nothing(make_database: MakeDatabase):
    fresh = make_database()

    await asyncio.gather(*(migrate(fresh.settings, PASSWORDS) for _ in range(3)))
    before = await _tables(fresh)
    await migrate(fresh.settings, PASSWORDS)

    assert await _tables(fresh) == before
    assert {schema for schema, _, _, _ in before} == set(SERVICES)


async def test_every_table_is_closed_by_row_level_security(database: DatabaseAddress):
    tables = await _tables(database)

    open_tables = [(schema, name) for schema, name, enabled, forced in tables if not (enabled and forced)]
    assert {name for _, name in open_tables} == {"alembic_version"}


@pytest.mark.parametrize("schema", SERVICES)
async def test_a_service_is_a_role_of_its_own_that_owns_nothing(database: DatabaseAddress, schema: str):
    service = Database(database.as_service(schema).settings)
    async with service.system_transaction() as connection:
        role = await connection.execute(
            text("SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        )
        owned = await connection.scalar(text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user"))
        assert tuple(role.one()) == (False, False, False)
        assert owned == 0
        assert await connection.scalar(text("SELECT current_user")) == role_of(schema)
    await service.close()


async def test_a_service_does_not_see_its_neighbours(database: DatabaseAddress):
    service = Database(database.as_service("device").settings)

    with pytest.raises(Exception, match="permission denied for schema sync"):
        async with service.system_transaction() as connection:
            await connection.execute(text("SELECT 1 FROM sync.messages"))
    await service.close()


async def test_a_wrong_password_is_refused(database: DatabaseAddress):
    service = Database(replace(database.as_service("device"), password="wrong").settings)

    with pytest.raises(Unavailable):
        await service.ping()
    await service.close()


@pytest.mark.parametrize("schema", SERVICES)
async def test_a_migration_can_be_taken_back(make_database: MakeDatabase, migrated_template: str, schema: str):
    address = make_database(migrated_template)
    engine = create_async_engine(address.settings.url())
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config_of(schema, sync), "base"))
        await connection.commit()
    await engine.dispose()

    assert {name for found, name, _, _ in await _tables(address) if found == schema} == {"alembic_version"}
    await migrate(address.settings, PASSWORDS)


async def _tables(address: DatabaseAddress) -> set[tuple[str, str, bool, bool]]:
    engine = create_async_engine(address.settings.url())
    async with engine.connect() as connection:
        found = await connection.execute(
            text("""
                SELECT nspname, relname, relrowsecurity, relforcerowsecurity
                FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema')
            """)
        )
        rows = {(row[0], row[1], row[2], row[3]) for row in found}
    await engine.dispose()
    return rows
