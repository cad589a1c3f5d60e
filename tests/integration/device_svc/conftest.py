"""A fresh device_svc for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import DatabaseAddress
from tests.device_service import DeviceService, device_service, device_settings, empty_device_tables, write_signing_key


@pytest.fixture
async def service(database: DatabaseAddress, tmp_path: Path) -> AsyncIterator[DeviceService]:
    await empty_device_tables(database)
    async with device_service(device_settings(database, write_signing_key(tmp_path / "key.pem"))) as running:
        yield running
