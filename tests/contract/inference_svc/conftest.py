"""A running inference_svc for each test."""

from collections.abc import AsyncIterator

import pytest

from svc_kit.settings import DatabaseSettings
from tests.contract.inference_svc.product import Product, migrated, running_neighbours, running_product


@pytest.fixture(scope="module")
async def schema(database) -> DatabaseSettings:
    return await migrated(database)


@pytest.fixture
async def product(schema: DatabaseSettings, valkey: str) -> AsyncIterator[Product]:
    async with running_neighbours() as neighbours, running_product(schema, valkey, neighbours) as product:
        yield product
