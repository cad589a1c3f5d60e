"""Real servers that tests share: one PostgreSQL and one Valkey a session, a fresh database a module."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from stack.embedded.postgres import PostgresInstance, running_postgres
from stack.embedded.valkey import running_valkey

T = TypeVar("T")


@dataclass(frozen=True)
class DatabaseAddress:
    """One database and the owner's way in."""

    host: str
    port: int
    user: str
    password: str
    name: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a process finds this database."""
        return {
            "DB_HOST": self.host,
            "DB_PORT": str(self.port),
            "DB_USER": self.user,
            "DB_PASSWORD": self.password,
            "DB_NAME": self.name,
        }


@pytest.fixture(scope="session")
def open_directory() -> Iterator[Path]:
    """A short-lived directory that every user may enter: as root, PostgreSQL runs as another user, and tmp_path is closed to it."""
    directory = Path(tempfile.mkdtemp(prefix="assistant-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres(open_directory: Path) -> Iterator[PostgresInstance]:
    """One PostgreSQL for the session. It may lose data in a power cut, which no test makes."""
    with running_postgres(open_directory, durable=False) as instance:
        yield instance


@pytest.fixture(scope="session")
def valkey(open_directory: Path) -> Iterator[str]:
    """The URL of one Valkey for the session. Tests that need an empty one flush it or use a database number of their own."""
    with running_valkey(open_directory) as url:
        yield url


@pytest.fixture(scope="session")
def make_database(postgres: PostgresInstance) -> Callable[[], DatabaseAddress]:
    """Makes an empty database, without tables, at each call."""
    numbers = itertools.count(1)

    def make() -> DatabaseAddress:
        address = DatabaseAddress(postgres.host, postgres.port, postgres.user, postgres.owner_password, f"test_{next(numbers)}")
        run_apart(_execute(postgres, f'CREATE DATABASE "{address.name}"'))
        return address

    return make


@pytest.fixture(scope="module")
def database(make_database: Callable[[], DatabaseAddress]) -> DatabaseAddress:
    """A fresh database for this module."""
    return make_database()


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own in another thread, so that a fixture may be used in and outside of async tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _execute(server: PostgresInstance, statement: str) -> None:
    connection = await asyncpg.connect(
        host=server.host, port=server.port, user=server.user, password=server.owner_password, database="postgres"
    )
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
