"""The stores on a real database."""

from collections.abc import AsyncIterator

import pytest

from svc_kit.database import Database
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.browse_store import PostgresBrowseStore
from sync_svc.storage.ingest_store import PostgresIngestStore
from tests.conftest import DatabaseAddress


@pytest.fixture(scope="module")
async def pool(database: DatabaseAddress) -> AsyncIterator[Database]:
    """A pool of the service's own role."""
    opened = Database(database.as_service("sync").settings, application="test")
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def writer(pool: Database) -> AccountWriter:
    """Opens writing transactions."""
    return AccountWriter(pool)


@pytest.fixture(scope="module")
def ingest_store(pool: Database, writer: AccountWriter) -> PostgresIngestStore:
    """Takes in."""
    return PostgresIngestStore(pool, writer)


@pytest.fixture(scope="module")
def browse_store(pool: Database, writer: AccountWriter) -> PostgresBrowseStore:
    """Reads."""
    return PostgresBrowseStore(pool, writer)
