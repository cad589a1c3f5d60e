"""The embedded PostgreSQL and Valkey, run for real."""

from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest
import redis.asyncio

from stack.embedded.postgres import PostgresInstance, running_postgres
from stack.embedded.valkey import running_valkey


async def connect(server: PostgresInstance, password: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=server.host, port=server.port, user=server.user, password=password, database="postgres"
    )


async def test_postgres_lets_its_owner_in(postgres):
    connection = await connect(postgres, postgres.owner_password)

    version = await connection.fetchval("SHOW server_version_num")

    await connection.close()
    assert int(version) >= 180000


async def test_postgres_refuses_a_wrong_password(postgres):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(postgres, "wrong")


async def test_a_test_gets_a_database_of_its_own(make_database):
    database = make_database()
    connection = await asyncpg.connect(
        host=database.host, port=database.port, user=database.user, password=database.password, database=database.name
    )

    tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")

    await connection.close()
    assert tables == 0


async def test_postgres_keeps_what_was_committed_over_a_restart(open_directory):
    directory = open_directory / "restarted"
    directory.mkdir(mode=0o755)

    with running_postgres(directory, durable=False) as first:
        connection = await connect(first, first.owner_password)
        await connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        await connection.close()
    with running_postgres(directory, durable=False) as second:
        connection = await connect(second, second.owner_password)
        number = await connection.fetchval("SELECT number FROM kept")
        await connection.close()

    assert number == 7


async def test_valkey_refuses_a_client_without_its_password(valkey):
    address = valkey.rpartition("@")[2]

    async with redis.asyncio.Redis.from_url(f"redis://{address}") as client:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await client.get("anything")


async def test_valkey_keeps_nothing_on_disk(tmp_path):
    earlier = tmp_path / "valkey" / "appendonlydir" / "appendonly.aof.1.incr.aof"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("words of an earlier version")

    with running_valkey(tmp_path) as url:
        async with redis.asyncio.Redis.from_url(url) as client:
            await client.set("cached", "the words of a draft")

    written = [path for path in (tmp_path / "valkey").rglob("*") if path.is_file()]
    assert [path.name for path in written if b"words" in path.read_bytes()] == []


async def test_no_password_shows_in_the_list_of_processes(postgres, valkey):
    password_of_valkey = urlsplit(valkey).password

    commands = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]

    assert not [command for command in commands if postgres.owner_password in command or password_of_valkey in command]
