"""What the agent's integration tests share."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stack.demo_data import write_bulk_chat_db, write_demo_address_book, write_demo_chat_db


@pytest.fixture
def chat_db(tmp_path: Path) -> Path:
    """The demo's database; tests may add to it."""
    path = tmp_path / "chat.db"
    write_demo_chat_db(path, now=datetime(2026, 3, 14, 11, 0, tzinfo=UTC))
    return path


@pytest.fixture
def address_book(tmp_path: Path) -> Path:
    """The names of the demo's people."""
    write_demo_address_book(folder := tmp_path / "AddressBook")
    return folder


@pytest.fixture
def bulk_db(tmp_path: Path) -> Path:
    """5,000 messages: ten batches."""
    path = tmp_path / "bulk.db"
    write_bulk_chat_db(path, 5_000, 20)
    return path


@pytest.fixture(autouse=True)
def agent_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The agent's own folder: never that of whoever runs the tests."""
    home = tmp_path / "agent home"
    monkeypatch.setenv("ASSISTANT_AGENT_HOME", str(home))
    return home
