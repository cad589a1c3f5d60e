"""What the doctor finds of a database: by reading it, not by asking how it is configured."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.chatdb.schema import OPTIONAL_COLUMNS
from agent.doctor.columns import CAME_LATER, COSTS
from agent.doctor.database import examine_address_book, examine_database
from agent.doctor.finding import Finding, Level
from agent.doctor.full_disk_access import steps
from agent.program import Responsible
from tests.chatdb_builder import ANA, ChatDb, MacOS

ALLOW = "allow it"


def findings(path: Path) -> dict[str, Finding]:
    return {finding.check: finding for finding in examine_database(path, lambda: ALLOW)}


def levels(path: Path) -> dict[str, Level]:
    return {check: finding.level for check, finding in findings(path).items()}


def test_a_database_that_can_be_read_is_well(db: ChatDb):
    db.message(db.direct(ANA), "hello")

    assert set(levels(db.path).values()) == {Level.OK}
    assert set(levels(db.path)) == {"permission", "database", "schema", "messages", "wal"}
    assert "the newest row is 1" in findings(db.path)["messages"].saw


def test_nothing_of_a_message_is_said(db: ChatDb):
    db.message(db.direct(ANA), "a secret")

    said = repr(findings(db.path))

    assert "secret" not in said
    assert ANA not in said


def test_no_file_is_told_with_where_it_was_looked_for(tmp_path: Path):
    found = findings(tmp_path / "chat.db")

    assert list(found) == ["database"]
    assert found["database"].level is Level.FAIL
    assert str(tmp_path / "chat.db") in found["database"].saw


def test_a_file_that_macos_hides_is_about_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "stat", refused)

    assert findings(tmp_path / "chat.db") == {
        "permission": Finding("permission", Level.FAIL, f"{tmp_path / 'chat.db'}: Operation not permitted", ALLOW)
    }


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_PERM])
def test_the_ways_in_which_sqlite_says_that_macos_refuses(db: ChatDb, monkeypatch: pytest.MonkeyPatch, code: int):
    def refused(*arguments: object, **options: object) -> sqlite3.Connection:
        error = sqlite3.OperationalError("authorization denied")
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr(sqlite3, "connect", refused)

    found = findings(db.path)

    assert list(found) == ["permission"]
    assert (found["permission"].level, found["permission"].do) == (Level.FAIL, ALLOW)


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be one" * 50, b""])
def test_another_kind_of_file_is_told(tmp_path: Path, content: bytes):
    path = tmp_path / "chat.db"
    path.write_bytes(content)

    assert levels(path) == {"database": Level.FAIL}


def test_another_database_is_told(tmp_path: Path):
    path = tmp_path / "chat.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")

    assert "is not a Messages database" in findings(path)["database"].saw


def test_somebody_who_never_signed_in_is_told_to(db: ChatDb):
    found = findings(db.path)

    assert found["messages"].level is Level.WARN
    assert "sign in to Messages" in found["messages"].do


def test_missing_columns_are_named_with_what_they_cost(db: ChatDb):
    db.connection.execute("ALTER TABLE message DROP COLUMN attributedBody")

    found = findings(db.path)

    assert found["schema"].level is Level.WARN
    assert "attributedBody (most texts since macOS 13 are empty)" in found["schema"].saw


def test_an_older_macos_is_no_fault(tmp_path: Path):
    with ChatDb(tmp_path / "chat.db", MacOS.MONTEREY) as db:
        found = findings(db.path)

    assert found["schema"].level is Level.OK
    assert "date_edited" in found["schema"].saw


def test_every_column_that_may_be_missing_has_its_cost():
    assert set(OPTIONAL_COLUMNS) == set(COSTS) >= CAME_LATER


def test_a_log_that_cannot_be_read_hides_the_newest_messages(db: ChatDb, monkeypatch: pytest.MonkeyPatch):
    db.message(db.direct(ANA), "hello")
    open_as_always = Path.open

    def refused(self: Path, *arguments: object, **options: object) -> object:
        if self.name.endswith("-wal"):
            raise PermissionError(13, "Permission denied")
        return open_as_always(self, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refused)

    assert findings(db.path)["wal"].level is Level.FAIL


def test_a_folded_log_is_well(db: ChatDb, tmp_path: Path):
    db.message(db.direct(ANA), "hello")
    db.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = tmp_path / "copy" / "chat.db"
    copy.parent.mkdir()
    shutil.copy(db.path, copy)

    assert findings(copy)["wal"].level is Level.OK


@pytest.fixture
def address_book(tmp_path: Path) -> Path:
    folder = tmp_path / "AddressBook"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "AddressBook-v22.abcddb")) as connection:
        connection.executescript("""
            CREATE TABLE ZABCDRECORD (Z_PK INTEGER PRIMARY KEY, ZFIRSTNAME, ZLASTNAME, ZORGANIZATION, ZNICKNAME);
            CREATE TABLE ZABCDPHONENUMBER (Z_PK INTEGER PRIMARY KEY, ZOWNER, ZFULLNUMBER);
            CREATE TABLE ZABCDEMAILADDRESS (Z_PK INTEGER PRIMARY KEY, ZOWNER, ZADDRESS);
            INSERT INTO ZABCDRECORD VALUES (1, 'Ana', 'Lima', NULL, NULL);
            INSERT INTO ZABCDPHONENUMBER VALUES (1, 1, '+1 202 555 0150');
        """)
    return folder


def test_an_address_book_is_counted_and_not_told(address_book: Path):
    finding = examine_address_book(address_book, lambda: ALLOW)

    assert finding == Finding("address-book", Level.OK, "1 cards with a name and an address in 1 sources")


def test_a_source_that_cannot_be_read_is_counted(address_book: Path):
    broken = address_book / "Sources" / "1" / "AddressBook-v22.abcddb"
    broken.parent.mkdir(parents=True)
    broken.write_text("no database, but something of its length")

    finding = examine_address_book(address_book, lambda: ALLOW)

    assert finding.level is Level.WARN
    assert "1 cannot be read" in finding.saw


@pytest.mark.parametrize("exists", [True, False])
def test_no_address_book_is_no_failure(tmp_path: Path, exists: bool):
    folder = tmp_path / "AddressBook"
    if exists:
        folder.mkdir()

    assert examine_address_book(folder, lambda: ALLOW).level is Level.WARN
    assert examine_address_book(None, lambda: ALLOW).level is Level.OK


def test_what_to_click_names_the_terminal_and_the_program():
    said = steps(Responsible("iTerm", True), Path("/opt/python/bin/python3.13"))

    assert "Full Disk Access" in said
    assert "switch on iTerm" in said
    assert "/opt/python/bin/python3.13" in said


def test_what_launchd_starts_answers_for_itself():
    said = steps(Responsible("/opt/python", False), Path("/opt/python"))

    assert "switch on" not in said
    assert "/opt/python" in said
