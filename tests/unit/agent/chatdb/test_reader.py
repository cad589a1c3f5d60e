"""The reader, on databases with the real schema."""

import sqlite3
import tracemalloc
from pathlib import Path

import pytest

from agent.chatdb.connection import connect, readable_errors
from agent.chatdb.reader import BYTES_PER_BATCH, MessagesReader
from agent.chatdb.records import Batch, Kind, Message, Position
from agent.errors import CannotRead
from stack.demo_data import write_bulk_chat_db
from stack.demo_data.typedstream_writer import attributed_body
from tests.unit.agent.small_chat_db import ANA, BEN, DATE, SmallChatDb

UNIX_OF_DATE = DATE + 978_307_200_000_000_000


def read_all(path: Path, after: Position | None = None) -> list[Message]:
    with MessagesReader(path) as reader:
        return [message for batch in reader.batches(after or Position()) for message in batch.messages]


def texts(path: Path) -> list[str]:
    return [message.text for message in read_all(path)]


def only_batch(path: Path) -> Batch:
    with MessagesReader(path) as reader:
        (batch,) = reader.batches(Position())
    return batch


def test_the_whole_demo_is_read_with_every_text(demo_db: Path):
    messages = read_all(demo_db)

    assert len(messages) > 300
    assert all(message.text and message.kind is Kind.TEXT and not message.undecodable for message in messages)
    assert {message.from_me for message in messages} == {True, False}
    assert [message.sent_at for message in messages] == sorted(message.sent_at for message in messages)


def test_a_row_that_is_only_in_the_write_ahead_log_is_read(db: SmallChatDb):
    db.message(db.chat(ANA), "still in the log")

    assert Path(f"{db.path}-wal").stat().st_size > 0
    assert texts(db.path) == ["still in the log"]


def test_the_reader_cannot_write(db: SmallChatDb):
    with MessagesReader(db.path) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM message")


def test_direction_sender_and_time_come_from_the_row(db: SmallChatDb):
    chat = db.chat(ANA)
    db.message(chat, "hers", handle_id=db.handle(ANA), date=DATE + 7)
    db.message(chat, "mine", is_from_me=1, handle_id=db.handle(ANA))

    hers, mine = read_all(db.path)

    assert (hers.from_me, hers.sender, hers.sent_at) == (False, ANA, UNIX_OF_DATE + 7)
    assert (mine.from_me, mine.sender) == (True, "")


def test_a_sender_that_the_row_does_not_name_is_the_other_one_of_two(db: SmallChatDb):
    db.message(db.chat(ANA), "who?", handle_id=0)
    db.message(db.chat(ANA, BEN, group=True), "in a group nobody knows", handle_id=0)

    assert [message.sender for message in read_all(db.path)] == [ANA, ""]


def test_attributed_body_wins_over_text(db: SmallChatDb):
    db.message(db.chat(ANA), "old text", attributedBody=attributed_body("new text"))

    assert texts(db.path) == ["new text"]


def test_a_corrupt_body_falls_back_to_the_text(db: SmallChatDb):
    db.message(db.chat(ANA), "plain", attributedBody=b"\x04\x0bstreamtyped garbage")

    (message,) = read_all(db.path)

    assert (message.text, message.undecodable) == ("plain", False)


def test_a_corrupt_body_without_text_is_sent_empty_and_says_so(db: SmallChatDb):
    db.message(db.chat(ANA), None, attributedBody=attributed_body("half of it")[:80])

    (message,) = read_all(db.path)

    assert (message.text, message.undecodable, message.kind) == ("", True, Kind.OTHER)


def test_a_text_of_ten_megabytes_is_cut_to_what_the_contract_takes(db: SmallChatDb):
    chat = db.chat(ANA)
    db.message(chat, None, attributedBody=attributed_body("ä" * 5_000_000))
    db.message(chat, "next")

    long, following = texts(db.path)

    assert long == "ä" * 100_000
    assert following == "next"


def test_placeholders_and_zero_bytes_are_not_text(db: SmallChatDb):
    chat = db.chat(ANA)
    db.message(chat, "\ufffc look at this \ufffd")
    db.message(chat, "\ufffc", cache_has_attachments=1)
    db.message(chat, "a\0b")

    look, picture, zero = read_all(db.path)

    assert (look.text, look.kind) == ("look at this", Kind.TEXT)
    assert (picture.text, picture.kind) == ("", Kind.OTHER)
    assert zero.text == "ab"


def test_a_text_with_broken_bytes_stops_nobody_and_is_not_shown_as_garbage(db: SmallChatDb):
    chat = db.chat(ANA)
    rowid = db.message(chat, "x")
    db.connection.execute("UPDATE message SET text = CAST(x'6869ff' AS TEXT) WHERE ROWID = ?", (rowid,))
    db.message(chat, "whole")

    assert texts(db.path) == ["hi", "whole"]


@pytest.mark.parametrize(
    "columns",
    [
        {"associated_message_type": 2000, "associated_message_guid": "p:0/GUID-1"},
        {"associated_message_type": 3007, "associated_message_guid": "p:0/GUID-1"},
        {"associated_message_type": 1000, "associated_message_guid": "bp:GUID-1"},
        {"associated_message_type": 4000},
        {"item_type": 1, "group_action_type": 1},
        {"item_type": 2, "group_title": "New name"},
        {"schedule_type": 2},
    ],
    ids=["tapback", "removed tapback", "sticker on a message", "vote", "member left", "renamed", "not sent yet"],
)
def test_rows_that_are_no_messages_are_passed_over(db: SmallChatDb, columns: dict[str, object]):
    chat = db.chat(ANA, BEN, group=True)
    db.message(chat, "said")
    last = db.message(chat, "Loved “said”", **columns)

    batch = only_batch(db.path)

    assert [message.text for message in batch.messages] == ["said"]
    assert batch.position.rowid == last


def test_a_renamed_group_is_sent_though_the_event_is_no_message(db: SmallChatDb):
    chat = db.chat(ANA, BEN, name="New name", group=True)
    db.message(chat, None, item_type=2, group_title="New name")

    batch = only_batch(db.path)

    assert not batch.messages
    assert [chat.display_name for chat in batch.chats] == ["New name"]


def test_links_apps_voice_and_codes_are_told_apart(db: SmallChatDb):
    chat = db.chat(ANA)
    db.message(chat, "https://example.com", balloon_bundle_id="com.apple.messages.URLBalloonProvider")
    db.message(chat, None, balloon_bundle_id="com.apple.messages.Polls")
    db.message(chat, "\ufffc", is_audio_message=1)
    code = attributed_body("123456 is your code").replace(
        b"__kIMMessagePartAttributeName", b"__kIMOneTimeCodeAttributeName"
    )
    db.message(chat, None, attributedBody=code)

    link, app, voice, one_time = read_all(db.path)

    assert [link.kind, app.kind, voice.kind, one_time.kind] == [Kind.LINK, Kind.APP, Kind.AUDIO, Kind.TEXT]
    assert [link.has_one_time_code, one_time.has_one_time_code] == [False, True]


def test_a_message_in_two_chats_comes_once(db: SmallChatDb):
    rowid = db.message(db.chat(ANA), "once")
    db.join(db.chat(BEN), rowid)

    assert texts(db.path) == ["once"]


def test_a_message_without_a_chat_is_passed_over_and_stops_nobody(db: SmallChatDb):
    db.message(None, "orphan")
    db.message(db.chat(ANA), "has a chat")

    assert texts(db.path) == ["has a chat"]


def test_a_message_whose_chat_is_not_written_yet_is_waited_for(db: SmallChatDb):
    chat = db.chat(ANA)
    db.message(chat, "first")
    late = db.message(None, "late")
    moment_later = UNIX_OF_DATE + 10_000_000_000

    with MessagesReader(db.path, now_ns=lambda: moment_later) as reader:
        (before,) = reader.batches(Position())
        db.join(chat, late)
        (after,) = reader.batches(before.position)

    assert [message.text for message in before.messages] == ["first"]
    assert [message.text for message in after.messages] == ["late"]


def test_a_chat_that_appears_while_reading_is_known(db: SmallChatDb):
    with MessagesReader(db.path) as reader:
        batches = reader.batches(Position())
        db.message(db.chat(ANA), "one")
        first = next(batches)
        db.message(db.chat(BEN), "two")
        second = next(batches)

    assert [batch.messages[0].text for batch in (first, second)] == ["one", "two"]


def test_reading_goes_on_behind_a_position(db: SmallChatDb):
    chat = db.chat(ANA)
    rowids = [db.message(chat, str(number)) for number in range(5)]

    rest = read_all(db.path, Position(rowids[2], "GUID-3"))

    assert [message.text for message in rest] == ["3", "4"]


def test_large_rows_make_small_batches(db: SmallChatDb):
    chat = db.chat(ANA)
    for _ in range(10):
        db.message(chat, "x" * 50_000)

    with MessagesReader(db.path) as reader:
        sizes = [len(batch.messages) for batch in reader.batches(Position())]

    assert sum(sizes) == 10
    assert max(sizes) == BYTES_PER_BATCH // 50_000


def test_memory_does_not_grow_with_the_database(tmp_path: Path):
    peaks = []
    for size in (2_000, 20_000):
        path = tmp_path / f"{size}.db"
        write_bulk_chat_db(path, size, 20)
        tracemalloc.start()
        with MessagesReader(path) as reader:
            assert sum(len(batch.messages) for batch in reader.batches(Position())) == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.2


def test_groups_notes_to_self_and_names_are_recognised(db: SmallChatDb):
    db.message(db.chat(ANA, BEN, name="Both", group=True), "x")
    db.message(db.chat("maya@example.com", name="Me"), "x")
    db.message(db.chat(ANA, name="Ana Lund"), "x")

    both, myself, ana = only_batch(db.path).chats
    with MessagesReader(db.path) as reader:
        contacts = reader.contacts()

    assert (both.is_group, both.is_self, both.participants) == (True, False, (ANA, BEN))
    assert (myself.is_group, myself.is_self) == (False, True)
    assert (ana.is_group, ana.is_self, ana.participants) == (False, False, (ANA,))
    assert [(contact.handle, contact.display_name) for contact in contacts] == [
        (ANA, "Ana Lund"),
        ("maya@example.com", "Me"),
    ]


def test_an_older_schema_is_read_by_the_columns_that_it_has(db: SmallChatDb):
    db.message(db.chat(ANA), "from long ago", date=500_000_000)
    for column in ("associated_message_emoji", "thread_originator_guid", "date_edited", "schedule_type"):
        drop_column(db, column)

    (message,) = read_all(db.path)

    assert (message.text, message.sent_at) == ("from long ago", (500_000_000 + 978_307_200) * 10**9)


def drop_column(db: SmallChatDb, column: str) -> None:
    indexes = db.connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE ?", (f"%{column}%",)
    )
    for (name,) in indexes.fetchall():
        db.connection.execute(f"DROP INDEX {name}")
    db.connection.execute(f"ALTER TABLE message DROP COLUMN {column}")


def test_a_row_without_a_date_gets_the_earliest_one(db: SmallChatDb):
    db.message(db.chat(ANA), "undated", date=0)

    assert [message.sent_at for message in read_all(db.path)] == [978_307_200 * 10**9]


def test_a_position_belongs_to_its_database(db: SmallChatDb):
    chat = db.chat(ANA)
    first, second = db.message(chat, "a"), db.message(chat, "b")

    with MessagesReader(db.path) as reader:
        assert reader.holds(Position())
        assert reader.holds(Position(first, "GUID-1"))
        assert not reader.holds(Position(first, "GUID-OF-ANOTHER"))
        assert not reader.holds(Position(second + 1, "GUID-9"))
        db.connection.execute("DELETE FROM message WHERE ROWID = ?", (second,))
        assert reader.holds(Position(second, "GUID-2"))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(CannotRead, match=r"no Messages database at .*chat\.db"):
        MessagesReader(tmp_path / "chat.db")


def test_a_folder_is_no_database(tmp_path: Path):
    with pytest.raises(CannotRead, match="is a folder"):
        MessagesReader(tmp_path)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"x" * 5000, b"not a database at all" * 100])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes):
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


def test_a_truncated_database_is_said_to_be_damaged(tmp_path: Path, demo_db: Path):
    path = tmp_path / "chat.db"
    whole = demo_db.read_bytes()
    path.write_bytes(whole[: len(whole) // 4])

    with pytest.raises(CannotRead, match="damaged"):
        read_all(path)


def test_a_locked_database_says_that_it_will_be_read_later(db: SmallChatDb):
    db.connection.execute("PRAGMA journal_mode = DELETE")
    db.connection.execute("BEGIN EXCLUSIVE")

    with pytest.raises(CannotRead, match="locked by another program"):
        connect(db.path, busy_timeout=0)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_CANTOPEN | (4 << 8)])
def test_a_refusal_by_the_system_explains_full_disk_access(code: int):
    refusal = sqlite3.OperationalError("unable to open database file")
    refusal.sqlite_errorcode = code

    with pytest.raises(CannotRead, match="Full Disk Access"), readable_errors(Path("chat.db")):
        raise refusal


def test_no_text_of_a_message_is_in_an_error(db: SmallChatDb):
    db.message(db.chat(ANA), "canary")
    db.connection.execute("UPDATE chat SET display_name = CAST(x'63616e617279ff' AS TEXT)")

    assert texts(db.path) == ["canary"]
