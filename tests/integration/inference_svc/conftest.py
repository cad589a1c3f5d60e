"""The schema `inference` on a real database."""

from collections.abc import AsyncIterator

import pytest

from svc_kit.database import Database
from svc_kit.settings import DatabaseSettings
from tests.contract.inference_svc.product import migrated


@pytest.fixture(scope="module")
async def schema(database) -> DatabaseSettings:
    return await migrated(database)


@pytest.fixture
async def pool(schema: DatabaseSettings) -> AsyncIterator[Database]:
    pool = Database(schema)
    yield pool
    await pool.close()
