"""Reading the address book's databases."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.contacts.address_book import AddressBook, Card, read_address_book
from agent.contacts.source import ContactsSource
from stack.demo_data.address_book import write_address_book


def test_every_source_is_read(tmp_path: Path):
    write_address_book(tmp_path, [("Ana", "Lund", ["(202) 555-0150"], ["ana@example.com"])])
    write_address_book(tmp_path / "Sources" / "ICLOUD", [("Ben", "", [], ["ben@example.com"])])

    book = read_address_book(tmp_path)

    assert [(card.name, card.phones, card.emails) for card in book.cards] == [
        ("Ana Lund", ("(202) 555-0150",), ("ana@example.com",)),
        ("Ben", (), ("ben@example.com",)),
    ]
    assert book.unreadable == 0


def test_a_card_is_called_by_its_name_else_nickname_else_company(tmp_path: Path):
    rows = [
        ("Ana", "Lund", ["1"], []),
        ("", "", ["2"], [], "Benny", "Company"),
        ("", "", ["3"], [], "", "Company"),
        ("", "", ["4"], []),
    ]
    write_address_book(tmp_path, rows)

    assert [card.name for card in read_address_book(tmp_path).cards] == ["Ana Lund", "Benny", "Company"]


def test_a_card_without_an_address_is_of_no_use(tmp_path: Path):
    write_address_book(tmp_path, [("Ana", "Lund", [], [])])

    assert read_address_book(tmp_path).cards == ()


def test_a_source_that_cannot_be_read_costs_its_names_only(tmp_path: Path):
    write_address_book(tmp_path, [("Ana", "Lund", ["1"], [])])
    broken = tmp_path / "Sources" / "X" / "AddressBook-v22.abcddb"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no database at all" * 100)

    book = read_address_book(tmp_path)

    assert ([card.name for card in book.cards], book.unreadable) == (["Ana Lund"], 1)


def test_a_name_of_another_type_or_encoding_is_read_as_text(tmp_path: Path):
    write_address_book(tmp_path, [("Ana", "Lund", ["1"], []), ("Ben", "", ["2"], [])])
    with closing(sqlite3.connect(tmp_path / "AddressBook-v22.abcddb", isolation_level=None)) as connection:
        connection.execute(
            "UPDATE ZABCDRECORD SET ZFIRSTNAME = CAST('Ana' AS BLOB), ZLASTNAME = x'ff4200' WHERE Z_PK = 1"
        )
        connection.execute("UPDATE ZABCDPHONENUMBER SET ZFULLNUMBER = x'31' WHERE Z_PK = 2")

    book = read_address_book(tmp_path)

    assert ([card.name for card in book.cards], book.unreadable) == (["Ana \ufffdB"], 0)


def test_no_address_book_is_an_empty_one(tmp_path: Path):
    assert read_address_book(tmp_path / "nothing").cards == ()


def test_an_address_book_of_another_schema_is_read_by_what_it_has(tmp_path: Path):
    write_address_book(tmp_path, [("Ana", "Lund", ["1"], [])])
    with closing(sqlite3.connect(tmp_path / "AddressBook-v22.abcddb", isolation_level=None)) as connection:
        for column in ("ZMIDDLENAME", "ZNICKNAME", "ZUNIQUEID"):
            connection.execute(f"ALTER TABLE ZABCDRECORD DROP COLUMN {column}")

    (card,) = read_address_book(tmp_path).cards

    assert card.name == "Ana Lund"
    assert card.id


def test_the_source_reads_again_only_what_changed(tmp_path: Path):
    write_address_book(tmp_path, [("Ana", "Lund", ["1"], [])])
    source = ContactsSource(tmp_path)
    first = source.read()
    assert source.read() is first

    with closing(sqlite3.connect(tmp_path / "AddressBook-v22.abcddb", isolation_level=None)) as connection:
        connection.execute("UPDATE ZABCDRECORD SET ZLASTNAME = 'Berg'")

    assert [card.name for card in source.read().cards] == ["Ana Berg"]


def test_a_source_that_cannot_be_read_for_a_while_keeps_its_cards(tmp_path: Path):
    write_address_book(tmp_path, [("Ana", "Lund", ["1"], [])])
    write_address_book(tmp_path / "Sources" / "ICLOUD", [("Ben", "Ode", ["2"], [])])
    file = tmp_path / "Sources" / "ICLOUD" / "AddressBook-v22.abcddb"
    content = file.read_bytes()
    source = ContactsSource(tmp_path)
    source.read()

    file.write_bytes(b"no database at all" * 100)
    meanwhile = source.read()
    file.write_bytes(content)
    afterwards = source.read()

    assert ([card.name for card in meanwhile.cards], meanwhile.unreadable) == (["Ana Lund", "Ben Ode"], 1)
    assert ([card.name for card in afterwards.cards], afterwards.unreadable) == (["Ana Lund", "Ben Ode"], 0)


def test_what_could_not_be_read_is_tried_again_though_the_files_look_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_address_book(tmp_path, [("Ana", "Lund", ["1"], [])])
    source = ContactsSource(tmp_path)
    with monkeypatch.context() as locked:
        locked.setattr("agent.contacts.source.read_address_book", lambda _: AddressBook(unreadable=1))
        assert source.read().cards == ()
        assert not source.is_whole

    assert [card.name for card in source.read().cards] == ["Ana Lund"]
    assert source.is_whole


def test_without_a_folder_there_are_no_names():
    source = ContactsSource(None)

    assert source.read().cards == ()
    assert source.is_whole


def test_the_address_book_is_never_written(tmp_path: Path):
    write_address_book(tmp_path, [("Ana", "Lund", ["1"], [])])
    before = (tmp_path / "AddressBook-v22.abcddb").read_bytes()

    read_address_book(tmp_path)

    assert (tmp_path / "AddressBook-v22.abcddb").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["AddressBook-v22.abcddb"]
    assert isinstance(read_address_book(tmp_path).cards[0], Card)
