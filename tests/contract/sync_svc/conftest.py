"""A running sync_svc for each module."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import DatabaseAddress
from tests.sync_service import Caller, SyncService, running_sync_service


@pytest.fixture(scope="module")
async def service(database: DatabaseAddress) -> AsyncIterator[SyncService]:
    """sync_svc on a fresh database."""
    async with running_sync_service(database) as running:
        yield running


@pytest.fixture
def me(service: SyncService) -> Caller:
    """A new account with a device."""
    return service.caller()
