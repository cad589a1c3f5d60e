"""One training_svc for a module; each test acts for an account of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from tests.conftest import DatabaseAddress
from tests.training_service import TrainingService, training_service, training_settings


@pytest.fixture(scope="module")
async def service(database: DatabaseAddress) -> AsyncIterator[TrainingService]:
    async with training_service(training_settings(database)) as running:
        yield running


@pytest.fixture
def account() -> UUID:
    return uuid4()
