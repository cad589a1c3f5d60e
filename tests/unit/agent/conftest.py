"""Databases for the agent's tests."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stack.demo_data import write_demo_chat_db
from tests.unit.agent.small_chat_db import SmallChatDb

NOW = datetime(2026, 3, 14, 11, 0, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[SmallChatDb]:
    """An empty Messages database, open for writing."""
    with closing(SmallChatDb(tmp_path / "chat.db")) as database:
        yield database


@pytest.fixture(scope="session")
def demo_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's database; tests must not change it."""
    path = tmp_path_factory.mktemp("demo") / "chat.db"
    write_demo_chat_db(path, now=NOW)
    return path
