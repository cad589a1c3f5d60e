"""A whole product for the length of a benchmark."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.product import Product, wait_until


@contextmanager
def running_product() -> Iterator[Product]:
    """`assistant up --demo` in a directory of its own, with the demo's messages synced."""
    directory = Path(tempfile.mkdtemp(prefix="assistant-bench-"))
    directory.chmod(0o755)
    product = Product(directory / "data", directory / "output.log")
    try:
        product.start()
        wait_until(lambda: _synced(product), 60, f"the demo's agent did not sync; see {product.output}")
        yield product
    finally:
        product.stop()
        shutil.rmtree(directory)


def _synced(product: Product) -> bool:
    with product.owner() as owner:
        return len(owner.get("/api/conversations").json().get("conversations", [])) >= 10
