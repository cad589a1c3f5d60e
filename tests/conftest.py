"""Real servers that tests share: one PostgreSQL and one Valkey a session, a fresh database a module."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import signal
import tempfile
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
import pytest_timeout
from pydantic import SecretStr

from stack.embedded.postgres import PostgresInstance, running_postgres
from stack.embedded.valkey import running_valkey
from svc_kit.migrations.runner import SERVICES, migrate, role_of
from svc_kit.settings import DatabaseSettings, from_mapping

# Seconds between the alarms of a test that is over its time.
NEXT_ALARM = 2.0

T = TypeVar("T")
MakeDatabase = Callable[..., "DatabaseAddress"]


def role_password(schema: str) -> str:
    """The password of a service's role in the test database."""
    return f"password-of-the-{schema}-role"


@dataclass(frozen=True)
class DatabaseAddress:
    """One database and somebody's way in."""

    host: str
    port: int
    user: str
    password: str
    name: str

    @property
    def settings(self) -> DatabaseSettings:
        return from_mapping(
            DatabaseSettings,
            host=self.host,
            port=self.port,
            user=self.user,
            password=SecretStr(self.password),
            name=self.name,
        )

    def as_service(self, schema: str) -> DatabaseAddress:
        """The way in of the service that owns `schema`, which sees only rows of the account it acts for."""
        return replace(self, user=role_of(schema), password=role_password(schema))

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


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(settings: pytest_timeout.Settings) -> Generator[None, object, object]:
    """Repeat the alarm of a test that hangs until the test fails, which is when pytest-timeout stops the timer.

    The alarm raises in whatever runs. asyncio keeps what is raised in a callback or in another task from the test.
    """
    was_set = yield
    if settings.timeout and settings.method == "signal":
        signal.setitimer(signal.ITIMER_REAL, settings.timeout, NEXT_ALARM)
    return was_set


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
def make_database(postgres: PostgresInstance) -> MakeDatabase:
    """Makes a database at each call: an empty one, or a copy of another."""
    numbers = itertools.count(1)

    def make(template: str = "template0") -> DatabaseAddress:
        name = f"test_{next(numbers)}"
        run_apart(_execute(postgres, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return DatabaseAddress(postgres.host, postgres.port, postgres.user, postgres.owner_password, name)

    return make


@pytest.fixture(scope="session")
def migrated_template(make_database: MakeDatabase) -> str:
    """The name of a database with the tables of every service, to make copies of: quicker than migrating again."""
    address = make_database()
    run_apart(migrate(address.settings, {schema: role_password(schema) for schema in SERVICES}))
    return address.name


@pytest.fixture(scope="module")
def database(make_database: MakeDatabase, migrated_template: str) -> DatabaseAddress:
    """A fresh, migrated database for this module, seen as its owner; `.as_service("sync")` is how a service sees it."""
    return make_database(migrated_template)


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
