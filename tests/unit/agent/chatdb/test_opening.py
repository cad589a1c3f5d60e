"""Opening the database: strictly read-only, by what is there, with errors that say what to do."""

import sqlite3
import tracemalloc
from pathlib import Path

import pytest

from agent.chatdb.connection import connect, readable_errors
from agent.chatdb.reader import BYTES_PER_BATCH, MessagesReader
from agent.chatdb.records import Kind
from agent.errors import CannotRead
from stack.demo_data import write_bulk_chat_db
from tests.chatdb_builder import ANA, ChatDb, MacOS
from tests.unit.agent.chatdb.reading import messages, only, readings, texts


def test_the_whole_demo_is_read_with_every_text(demo_db: Path):
    found = messages(demo_db)

    assert len(found) > 300
    assert all(message.text and message.kind is Kind.TEXT for message in found)
    assert {message.from_me for message in found} == {True, False}


def test_the_reader_cannot_write(db: ChatDb):
    with MessagesReader(db.path) as reader:
        connection = reader._connection

        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM message")
        assert connection.execute("PRAGMA query_only").fetchone() == (1,)


def test_a_writer_is_waited_for_five_seconds(db: ChatDb):
    connection = connect(db.path)

    assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    connection.close()


def test_a_row_that_is_only_in_the_write_ahead_log_is_read(db: ChatDb):
    db.message(db.direct(ANA), "still in the log")

    assert Path(f"{db.path}-wal").stat().st_size > 0
    assert texts(db.path) == ["still in the log"]


def test_no_read_holds_up_messages_when_it_folds_its_log_back(db: ChatDb):
    chat = db.direct(ANA)
    for number in range(1200):
        db.message(chat, str(number))
    with MessagesReader(db.path) as reader:
        reader.after(0, reader.last_rowid())
        db.message(chat, "written between two batches")

        busy, _, _ = db.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    assert busy == 0


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_CANTOPEN | (4 << 8)])
def test_a_refusal_by_the_system_explains_full_disk_access(code: int):
    refusal = sqlite3.OperationalError("unable to open database file")
    refusal.sqlite_errorcode = code

    with pytest.raises(CannotRead, match="Full Disk Access"), readable_errors(Path("chat.db")):
        raise refusal


def test_out_of_memory_with_the_code_of_cantopen_is_a_refusal_too():
    refusal = sqlite3.OperationalError("out of memory")
    refusal.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN

    with pytest.raises(CannotRead, match="Full Disk Access"), readable_errors(Path("chat.db")):
        raise refusal


def test_a_database_that_never_held_a_message_is_empty(db: ChatDb):
    with MessagesReader(db.path) as reader:
        assert reader.is_empty()
        assert reader.last_rowid() == 0
        db.delete(db.message(db.direct(ANA), "x").guid)
        assert not reader.is_empty()


@pytest.mark.parametrize("version", list(MacOS))
def test_every_macos_is_read_by_the_columns_that_it_has(tmp_path: Path, version: MacOS):
    with ChatDb(tmp_path / "chat.db", version) as db:
        sent = db.message(db.direct(ANA), "the same everywhere", sender=ANA)
        db.tapback(1, sent.guid, "love")
        db.attach(sent)

        message = only(db.path)

    assert (message.text, message.sender) == ("the same everywhere", ANA)
    assert message.extra is not None
    assert [reaction.kind for reaction in message.extra.reactions] == ["love"]
    assert len(message.extra.attachments) == 1


@pytest.mark.parametrize(
    "column",
    [
        "attributedBody",
        "associated_message_guid",
        "associated_message_type",
        "thread_originator_guid",
        "message_summary_info",
        "destination_caller_id",
        "cache_roomnames",
        "payload_data",
        "item_type",
    ],
)
def test_any_optional_column_may_be_missing(db: ChatDb, column: str):
    db.message(db.direct(ANA), "still read")
    _drop_column(db, column)

    assert texts(db.path) == ["still read"]


def test_a_table_of_attachments_or_deletions_may_be_missing(db: ChatDb):
    db.message(db.direct(ANA), "still read")
    for table in (
        "message_attachment_join",
        "deleted_messages",
        "sync_deleted_messages",
        "chat_recoverable_message_join",
    ):
        db.connection.execute(f"DROP TABLE {table}")

    assert texts(db.path) == ["still read"]


def test_a_database_in_utf_16_is_read_like_any_other(tmp_path: Path):
    with ChatDb(tmp_path / "chat.db", encoding="UTF-16le") as db:
        chat = db.direct(ANA)
        db.message(chat, "naïve 🙂", sender=ANA)
        db.rich(chat, "in the body")

        assert texts(db.path) == ["naïve 🙂", "in the body"]


def test_a_body_that_was_stored_as_text_is_no_body(db: ChatDb):
    db.message(db.direct(ANA), "plain", attributedBody="streamtyped")

    assert texts(db.path) == ["plain"]


def test_a_text_with_broken_bytes_stops_nobody_and_is_shown_as_broken(db: ChatDb):
    chat = db.direct(ANA)
    sent = db.message(chat, "x")
    db.connection.execute("UPDATE message SET text = CAST(x'6869ff' AS TEXT) WHERE ROWID = ?", (sent.rowid,))
    db.message(chat, "whole")

    assert texts(db.path) == ["hi\ufffd", "whole"]


def test_large_rows_make_small_batches(db: ChatDb):
    chat = db.direct(ANA)
    for _ in range(60):
        db.message(chat, "x" * 50_000)

    sizes = [sum(len(message.text) for message in reading.messages) for reading in readings(db.path)]

    assert sum(sizes) == 60 * 50_000
    assert max(sizes) <= BYTES_PER_BATCH + 20 * 50_000


def test_memory_does_not_grow_with_the_database(tmp_path: Path):
    peaks = []
    for size in (2_000, 20_000):
        path = tmp_path / f"{size}.db"
        write_bulk_chat_db(path, size, 20)
        tracemalloc.start()
        with MessagesReader(path) as reader:
            position, count = 0, 0
            while (reading := reader.after(position, size)) is not None:
                position, count = reading.last_rowid, count + len(reading.messages)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == size

    assert peaks[1] < peaks[0] * 1.2


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(CannotRead, match=r"no Messages database at .*chat\.db"):
        MessagesReader(tmp_path / "chat.db")


def test_a_folder_is_no_database(tmp_path: Path):
    with pytest.raises(CannotRead, match="is a folder"):
        MessagesReader(tmp_path)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"x" * 5000, b"not a database at all" * 100])
def test_an_empty_damaged_encrypted_or_other_file_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "chat.db"
    path.write_bytes(content)

    with pytest.raises(CannotRead, match=r"not a (Messages database|database that can be read)"):
        MessagesReader(path)


def test_a_database_of_another_program_is_refused(tmp_path: Path):
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE message (id INTEGER)")
    connection.close()

    with pytest.raises(CannotRead, match="it has no table chat"):
        MessagesReader(path)


def test_a_schema_without_what_is_needed_names_the_column(db: ChatDb):
    db.connection.execute("ALTER TABLE message RENAME COLUMN is_from_me TO mine")

    with pytest.raises(CannotRead, match="message has no column is_from_me"):
        MessagesReader(db.path)


def test_a_half_copied_database_is_said_to_be_damaged(tmp_path: Path, demo_db: Path):
    path = tmp_path / "chat.db"
    whole = demo_db.read_bytes()
    path.write_bytes(whole[: len(whole) // 4])

    with pytest.raises(CannotRead, match="damaged"):
        messages(path)


def test_a_locked_database_says_that_it_will_be_read_later(db: ChatDb):
    db.connection.execute("PRAGMA journal_mode = DELETE")
    db.connection.execute("BEGIN EXCLUSIVE")

    with pytest.raises(CannotRead, match="locked by another program"):
        connect(db.path, busy_timeout=0)


def test_no_text_of_a_message_is_in_an_error(db: ChatDb):
    db.message(db.direct(ANA), "canary")
    db.connection.execute("UPDATE chat SET display_name = CAST(x'63616e617279ff' AS TEXT)")

    assert texts(db.path) == ["canary"]


def _drop_column(db: ChatDb, column: str) -> None:
    indexes = db.connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE ?", (f"%{column}%",)
    )
    for (name,) in indexes.fetchall():
        db.connection.execute(f"DROP INDEX {name}")
    db.connection.execute(f"ALTER TABLE message DROP COLUMN {column}")
