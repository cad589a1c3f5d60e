"""Bringing a database up to date: the database, the roles, each service's schema and history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from svc_kit.settings import DatabaseSettings

SERVICES = {"device": "device_svc", "sync": "sync_svc", "inference": "inference_svc", "training": "training_svc"}
ROOT = Path(__file__).resolve().parents[2]
# Services wait for each other's start; only one may migrate at a time.
_LOCK = 0x61737374


def role_of(schema: str) -> str:
    """The database role of the service that owns `schema`."""
    return f"assistant_{schema}"


def config_of(schema: str, connection: Connection) -> Config:
    """The Alembic configuration of one service, bound to an open connection."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / SERVICES[schema] / "storage" / "migrations"))
    config.attributes["connection"] = connection
    return config


async def migrate(owner: DatabaseSettings, passwords: Mapping[str, str]) -> None:
    """Create what is missing and upgrade every schema to its head; doing it again changes nothing.

    `owner` connects as a role that may create databases and roles. `passwords` holds the password of each service's role
    by schema name.
    """
    await _ensure_database(owner)
    engine = create_async_engine(owner.url(), hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            await connection.commit()
            for schema, password in passwords.items():
                await _ensure_role(connection, schema, password)
                await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
                await connection.commit()
                await connection.run_sync(_with_config(schema, lambda config: command.upgrade(config, "head")))
                await connection.commit()
                await _grant(connection, schema)
                await connection.commit()
    finally:
        await engine.dispose()


def _with_config(schema: str, act: Callable[[Config], Any]) -> Callable[[Connection], None]:
    return lambda connection: act(config_of(schema, connection))


async def _ensure_database(owner: DatabaseSettings) -> None:
    admin = await asyncpg.connect(
        host=owner.host,
        port=owner.port,
        user=owner.user,
        password=owner.password.get_secret_value(),
        database="postgres",
        timeout=10,
    )
    try:
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", owner.name):
            try:
                await admin.execute(f'CREATE DATABASE "{owner.name}"')
            except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                return  # somebody else was quicker
    finally:
        await admin.close()


async def _ensure_role(connection: Any, schema: str, password: str) -> None:
    role = role_of(schema)
    # A role's password cannot be a bound parameter; quote_literal makes it one inside the server.
    known = await connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    verb = "ALTER" if known else "CREATE"
    quoted = await connection.scalar(text("SELECT quote_literal(:password)"), {"password": password})
    options = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
    await connection.exec_driver_sql(f"{verb} ROLE {role} WITH {options} PASSWORD {quoted}")


async def _grant(connection: Any, schema: str) -> None:
    role = role_of(schema)
    for statement in (
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role}",
        # The history is not the service's to write.
        f"REVOKE INSERT, UPDATE, DELETE ON {schema}.alembic_version FROM {role}",
    ):
        await connection.execute(text(statement))
