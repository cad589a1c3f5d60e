"""SQLite keeps any type in any column, and text in any encoding: no value of one row stops the others."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from assistant.sync.v1 import sync_pb2

from agent.chatdb.message_row import Row, message_of
from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import EventKind, GroupEvent, Message
from agent.chatdb.schema import _ATTACHMENT, _CHAT, _HANDLE, _RARE, _USUAL
from agent.privacy import Privacy
from agent.sync.requests import requests_of, requests_of_chats
from agent.wire import contacts_of
from sync_svc.api import parse_batches
from tests.chatdb_builder import ANA, BEN, CLEO, DATE, ChatDb, MacOS
from tests.unit.agent.chatdb.reading import extra_of, messages, texts

UNIX_2001 = 978_307_200_000_000_000
READ = {"message": {**_USUAL, **_RARE}, "chat": _CHAT, "handle": _HANDLE, "attachment": _ATTACHMENT}
COLUMNS = [
    *((table, column) for table, columns in READ.items() for column in columns if column != "ROWID"),
    ("deleted_messages", "guid"),
    ("chat_message_join", "chat_id"),
]
VALUES = [
    "'abc'",
    "x'414243'",
    "x'ff41'",
    "CAST(x'ff41' AS TEXT)",
    "'a' || char(0) || 'b'",
    "char(0)",
    "1.5",
    "1e300",
    "-5",
    "7",
    "5000000000",
    "9223372036854775807",
    "NULL",
]


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[ChatDb]:
    """Four messages of every sort in two chats, a reaction on one, a file, a deletion; then one in a third chat."""
    with ChatDb(tmp_path / "odd.db", MacOS.NEXT) as db:
        group, direct = db.group(ANA, BEN, name="Trip"), db.direct(ANA)
        first = db.rich(group, "hello", sender=BEN, thread_originator_guid="T", thread_originator_part="0:0:5")
        db.attach(first)
        db.message(direct, "plain", sender=ANA)
        db.tapback(group, first.guid, "love", sender=ANA)
        db.message(group, sender=BEN, item_type=1, other_handle=db.handle(ANA))
        db.delete(db.message(direct, "deleted", sender=ANA).guid)
        db.put_into_recently_deleted(db.message(direct, "put aside", sender=ANA).guid)
        db.message(db.direct(CLEO), "behind it", sender=CLEO)
        yield db


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=lambda name: name)
def test_a_value_of_any_type_in_any_column_stops_nobody(odd: ChatDb, table: str, column: str):
    # All messages but the last; a guid is no other row's.
    rows = "ROWID <= 4" if table == "message" and column != "guid" else "ROWID = 1"
    for value in VALUES:
        with suppress(sqlite3.IntegrityError):  # of a column that may not be NULL
            odd.connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {rows}")  # noqa: S608

        assert "behind it" in [message.text for message in read_and_taken(odd.path)], value


def read_and_taken(path: Path) -> list[Message]:
    """All that a pass reads, as messages that the server has checked."""
    found = []
    with MessagesReader(path) as reader:
        last = reader.last_rowid()
        assert reader.holds(reader.place_at(last))
        reader.newest_date(last)
        reader.deletions.recent_digest()
        reader.deletions.after(())
        reader.states_since(DATE + UNIX_2001, last)
        parse_batches.contacts_of(sync_pb2.SyncContactsRequest(contacts=contacts_of(reader.contacts())))
        for request in requests_of_chats(reader.chats()):
            parse_batches.batch_of_stream(request)
        for reading in [*reader.readings(None, last), *reader.readings(DATE + UNIX_2001, last)]:
            found += reading.messages
            for request in requests_of(reading, set()):
                parse_batches.batch_of_stream(request)
        assert not reader.unreadable
    return found


def test_a_number_that_was_stored_as_something_else_is_read_where_it_is_one(db: ChatDb):
    sent = db.message(db.direct(ANA), "x", sender=ANA)
    db.update(sent.guid, date=7.5e17, date_read="never", is_read=b"1")

    (message,) = messages(db.path)

    assert (message.sent_at, message.read_at, message.is_read) == (75 * 10**16 + UNIX_2001, None, True)


def test_a_text_that_was_stored_as_a_blob_is_read(db: ChatDb):
    db.message(db.direct(ANA), "x", sender=ANA)
    db.connection.execute("UPDATE message SET text = CAST('said' AS BLOB)")

    assert texts(db.path) == ["said"]


def test_a_row_that_nobody_can_read_is_left_out_and_counted(db: ChatDb, monkeypatch: pytest.MonkeyPatch):
    chat = db.direct(ANA)
    for text in ("before", "a riddle", "behind"):
        db.message(chat, text)

    def stumbling(row: Row, *rest: Any) -> Message:
        if "a riddle" in row:
            raise TypeError("what is this?")
        return message_of(row, *rest)

    monkeypatch.setattr("agent.chatdb.reader.message_of", stumbling)
    with MessagesReader(db.path) as reader:
        reading = reader.after(0, 3)

    assert reading is not None
    assert ([message.text for message in reading.messages], reading.last_rowid) == (["before", "behind"], 3)
    assert reader.unreadable == {2}


def test_no_identifier_is_sent_with_a_zero_character(db: ChatDb):
    direct = db.direct("+1202\x005550150", uncanonicalized_id="2025550150\0")
    db.message(direct, "x", sender="+1202\x005550150", service="i\0M", destination_caller_id="\0+1")
    db.update(db.message(direct, "a reply").guid, thread_originator_guid="T\x001", thread_originator_part="0:0:1")
    db.message(None, "", sender="+1202\x005550150", item_type=1, other_handle=db.handle("b\0@example.com"))

    said, reply, event = messages(db.path)

    assert (said.chat_guid, said.sender, said.service, said.destination) == (
        "iMessage;-;+12025550150",
        "+12025550150",
        "iM",
        "+1",
    )
    assert extra_of(reply).reply_to_guid == "T1"
    assert extra_of(event).group_event == GroupEvent(EventKind.ADDED, "b@example.com", "", 1, 0)


def test_an_orphan_of_an_excluded_room_stays_although_the_room_has_a_zero_character(db: ChatDb):
    db.group(ANA, BEN, guid="iMessage;+;chat7", room_name="ch\0at7", chat_identifier="ch\0at7")
    db.message(None, "theirs", sender=BEN, cache_roomnames="ch\0at7")

    (orphan,) = messages(db.path)

    assert orphan.chat_guid == "iMessage;+;chat7"
    assert texts(db.path, privacy=Privacy.of(("chat7",))) == []


def test_a_message_whose_guid_has_a_zero_character_is_left_out(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "strange", guid="A\0B")
    db.message(chat, "its double", guid="AB")
    recent = DATE + UNIX_2001

    with MessagesReader(db.path) as reader:
        both_ways = [*reader.readings(None, 2), *reader.readings(recent, 2), *reader.rows([1, 2])]

    assert [message.text for reading in both_ways for message in reading.messages] == ["its double"] * 3
