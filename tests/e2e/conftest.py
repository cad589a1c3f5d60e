"""One running product for all end-to-end tests, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.product import Product, wait_until


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give these tests more time: the first starts the whole product, others kill and restart parts of it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def product(open_directory: Path) -> Iterator[Product]:
    """`assistant up --demo`, ready, with the demo's conversations synced by the real agent."""
    running = Product(open_directory / "product", open_directory / "product.log")
    running.start()
    try:
        with running.owner() as owner:
            wait_until(lambda: len(conversations(owner)) >= 10, 60, "the demo's agent did not sync")
        yield running
    finally:
        running.stop()


@pytest.fixture
def owner(product: Product) -> Iterator[httpx.Client]:
    """The signed-in owner."""
    with product.owner() as client:
        yield client


def conversations(owner: httpx.Client) -> list[dict[str, object]]:
    """The owner's conversations."""
    found: list[dict[str, object]] = owner.get("/api/conversations").raise_for_status().json().get("conversations", [])
    return found
