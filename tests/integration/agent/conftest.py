"""What the agent's integration tests share."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stack.demo_data import write_bulk_chat_db, write_demo_chat_db


@pytest.fixture
def chat_db(tmp_path: Path) -> Path:
    """The demo's database; tests may add to it."""
    path = tmp_path / "chat.db"
    write_demo_chat_db(path, now=datetime(2026, 3, 14, 11, 0, tzinfo=UTC))
    return path


@pytest.fixture
def bulk_db(tmp_path: Path) -> Path:
    """5,000 messages: ten batches."""
    path = tmp_path / "bulk.db"
    write_bulk_chat_db(path, 5_000, 20)
    return path
