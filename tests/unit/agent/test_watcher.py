"""Noticing that Messages wrote something."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.errors import CannotRead
from agent.watcher import Watcher
from tests.chatdb_builder import ANA, ChatDb


def test_only_a_commit_of_somebody_else_is_a_change(db: ChatDb):
    chat = db.direct(ANA)
    with Watcher(db.path) as watcher:
        assert watcher.changed()
        assert not watcher.changed()

        db.message(chat, "new")

        assert watcher.changed()
        assert not watcher.changed()


def test_a_change_is_seen_after_the_log_was_folded_back(db: ChatDb):
    chat = db.direct(ANA)
    with Watcher(db.path) as watcher:
        watcher.changed()
        db.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        watcher.changed()

        db.message(chat, "new")

        assert watcher.changed()


def test_another_file_in_its_place_is_a_change(db: ChatDb, tmp_path: Path):
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("VACUUM")
        connection.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    with Watcher(db.path) as watcher:
        watcher.changed()

        other.rename(db.path)

        assert watcher.changed()
        assert not watcher.changed()


def test_a_file_that_goes_and_comes_back_is_seen_again(db: ChatDb):
    with Watcher(db.path) as watcher:
        watcher.changed()
        hidden = db.path.with_name("hidden.db")
        db.path.rename(hidden)
        with pytest.raises(CannotRead, match="no Messages database"):
            watcher.changed()

        hidden.rename(db.path)

        assert watcher.changed()
