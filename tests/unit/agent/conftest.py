"""Databases for the agent's tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stack.demo_data import write_demo_chat_db
from tests.chatdb_builder import ChatDb

NOW = datetime(2026, 3, 14, 11, 0, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[ChatDb]:
    """An empty Messages database of Sequoia, open for writing."""
    with ChatDb(tmp_path / "chat.db") as database:
        yield database


@pytest.fixture(scope="session")
def demo_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's database; tests must not change it."""
    path = tmp_path_factory.mktemp("demo") / "chat.db"
    write_demo_chat_db(path, now=NOW)
    return path


@pytest.fixture(autouse=True)
def agent_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The agent's own folder: never that of whoever runs the tests."""
    home = tmp_path / "agent home"
    monkeypatch.setenv("ASSISTANT_AGENT_HOME", str(home))
    return home
