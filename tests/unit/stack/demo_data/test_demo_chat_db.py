"""The demo's database: believable, complete, and made by the documented schema."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stack.demo_data import DemoSummary, append_incoming, append_outgoing, write_bulk_chat_db, write_demo_chat_db
from stack.demo_data.script import load_conversations, load_people
from stack.errors import StackError

NOW = datetime(2026, 3, 14, 0, 20, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "chat.db"
    write_demo_chat_db(path, now=NOW)
    return path


@pytest.fixture
def rows(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_the_summary_counts_what_was_written(tmp_path: Path):
    summary = write_demo_chat_db(tmp_path / "chat.db", now=NOW)

    with closing(sqlite3.connect(tmp_path / "chat.db")) as connection:
        query = "SELECT count(*) FROM message WHERE associated_message_type = 0"
        messages = connection.execute(query).fetchone()[0]
        conversations = connection.execute("SELECT count(DISTINCT chat_id) FROM chat_message_join").fetchone()[0]
        handles = connection.execute("SELECT count(*) FROM handle").fetchone()[0]
    assert summary == DemoSummary(conversations, messages, handles - 1)  # somebody has two
    assert messages > 300
    assert conversations > 12
    assert handles > 24


def test_it_is_whole_and_in_write_ahead_mode(rows: sqlite3.Connection):
    assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert rows.execute("PRAGMA foreign_key_check").fetchall() == []
    assert rows.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_it_has_the_tables_columns_and_indexes_that_readers_rely_on(rows: sqlite3.Connection):
    columns = {name for _, name, *_ in rows.execute("PRAGMA table_info(message)")}
    tables = {name for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    indexes = {name for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}

    assert columns >= {"attributedBody", "date_edited", "associated_message_emoji", "schedule_type", "part_count"}
    assert tables >= {
        "chat_handle_join",
        "chat_recoverable_message_join",
        "deleted_messages",
        "message_attachment_join",
    }
    assert indexes >= {"message_idx_date", "message_idx_handle", "chat_message_join_idx_message_date_id_chat_id"}


def test_texts_are_kept_in_all_three_ways(rows: sqlite3.Connection):
    ways = dict(
        rows.execute("SELECT (text IS NULL) || (attributedBody IS NULL), count(*) FROM message GROUP BY 1").fetchall()
    )

    assert set(ways) == {"10", "00", "01"}
    assert min(ways.values()) > 40


def test_most_conversations_wait_for_an_answer(rows: sqlite3.Connection):
    last = rows.execute(
        "SELECT m.is_from_me, max(j.message_date) FROM chat_message_join j JOIN message m ON m.ROWID = j.message_id"
        " GROUP BY j.chat_id"
    ).fetchall()

    waiting = [from_me for from_me, _ in last if not from_me]
    assert len(waiting) > len(last) * 0.8


@pytest.mark.parametrize("hour", range(24))
def test_at_any_hour_every_line_is_in_the_past_and_in_order(hour: int):
    now = datetime(2026, 3, 14, hour, 3, tzinfo=UTC)

    for conversation in load_conversations(now):
        times = [line.sent_at for line in conversation.lines]
        assert times == sorted(times), conversation.key
        recent = now - timedelta(days=2) < times[-1] < now
        assert recent or conversation.key in {"dr_vance", "ruth_by_mail"}, conversation.key


def test_every_handle_is_one_that_reaches_nobody():
    for person in load_people().values():
        assert person.handle.startswith("+120255501") or person.handle.endswith("example.com")


def test_the_same_demo_twice_has_the_same_guids(tmp_path: Path):
    guids = []
    for day in (0, 30):
        path = tmp_path / f"{day}.db"
        write_demo_chat_db(path, now=NOW + timedelta(days=day))
        with closing(sqlite3.connect(path)) as connection:
            guids.append({guid for (guid,) in connection.execute("SELECT guid FROM message")})

    assert guids[0] == guids[1]


def test_a_file_that_exists_is_left_alone(path: Path):
    before = path.read_bytes()

    with pytest.raises(StackError, match="exists already"):
        write_demo_chat_db(path, now=NOW)

    assert path.read_bytes() == before


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path):
    with pytest.raises(StackError, match="no folder"):
        write_demo_chat_db(tmp_path / "missing" / "chat.db", now=NOW)


def test_messages_can_be_added(path: Path, rows: sqlite3.Connection):
    incoming = append_incoming(path, "Tuesday choir", "Hello?", sender="+12025550127", sent_at=NOW)
    outgoing = append_outgoing(path, "Mum", "On my way")

    added = rows.execute("SELECT guid, is_from_me, attributedBody IS NULL FROM message ORDER BY ROWID DESC LIMIT 2")
    assert added.fetchall() == [(outgoing, 1, 0), (incoming, 0, 0)]


@pytest.mark.parametrize(("conversation", "sender"), [("Nobody", ""), ("Tuesday choir", "+19995550199")])
def test_an_unknown_conversation_or_sender_is_refused(path: Path, conversation: str, sender: str):
    with pytest.raises(StackError, match="no such conversation or sender"):
        append_incoming(path, conversation, "x", sender=sender)


def test_a_bulk_database_has_what_was_asked_for(tmp_path: Path):
    path = tmp_path / "bulk.db"

    write_bulk_chat_db(path, 5_000, 10)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (5_000,)
        assert connection.execute("SELECT count(DISTINCT chat_id) FROM chat_message_join").fetchone() == (10,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
