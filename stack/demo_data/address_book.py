"""Writes address books as macOS does, as far as anybody reads them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE ZABCDRECORD (Z_PK INTEGER PRIMARY KEY, ZFIRSTNAME VARCHAR, ZMIDDLENAME VARCHAR, ZLASTNAME VARCHAR,
  ZNICKNAME VARCHAR, ZORGANIZATION VARCHAR, ZUNIQUEID VARCHAR);
CREATE TABLE ZABCDPHONENUMBER (Z_PK INTEGER PRIMARY KEY, ZOWNER INTEGER, ZFULLNUMBER VARCHAR);
CREATE TABLE ZABCDEMAILADDRESS (Z_PK INTEGER PRIMARY KEY, ZOWNER INTEGER, ZADDRESS VARCHAR, ZADDRESSNORMALIZED VARCHAR);
"""


def write_address_book(folder: Path, people: Sequence[tuple[Any, ...]]) -> None:
    """Write one source: first name, last name, phone numbers, e-mail addresses, and if need be nickname and company.

    The folder may hold other sources; it must not hold this one yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "AddressBook-v22.abcddb", isolation_level=None)) as connection:
        connection.executescript(_TABLES)
        for number, (first, last, phones, emails, *more) in enumerate(people, start=1):
            nickname, organization = [*more, "", ""][:2]
            record = (number, first, None, last, nickname, organization, f"{folder.name}-{number}:ABPerson")
            connection.execute("INSERT INTO ZABCDRECORD VALUES (?, ?, ?, ?, ?, ?, ?)", record)
            for phone in phones:
                connection.execute("INSERT INTO ZABCDPHONENUMBER (ZOWNER, ZFULLNUMBER) VALUES (?, ?)", (number, phone))
            for email in emails:
                query = "INSERT INTO ZABCDEMAILADDRESS (ZOWNER, ZADDRESS, ZADDRESSNORMALIZED) VALUES (?, ?, ?)"
                connection.execute(query, (number, email, email.lower()))
