"""One Envoy and one backend for the tests of this folder."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.envoy.backend import Responses, running_backend
from tests.integration.envoy.edge import Edge, running_edge


@pytest.fixture(scope="session")
def backend() -> Iterator[tuple[int, Responses]]:
    with running_backend() as served:
        yield served


@pytest.fixture(scope="session")
def edge(backend: tuple[int, Responses], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running_edge(tmp_path_factory.mktemp("edge"), backend[0]) as running:
        yield running


@pytest.fixture
async def http(edge: Edge) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=edge.url, trust_env=False) as client:
        yield client


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Room for an Envoy of the test's own."""
    return tmp_path
