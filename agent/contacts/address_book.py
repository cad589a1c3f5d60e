"""Reads the address book's databases, strictly read-only.

They lie in files that the same permission opens as the Messages database, so that macOS asks the owner nothing more.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

FOLDER: Final = Path("~/Library/Application Support/AddressBook")

_FILE: Final = "AddressBook-v22.abcddb"
_BUSY_TIMEOUT_SECONDS: Final = 2.0
_NAME_COLUMNS: Final = ("ZFIRSTNAME", "ZMIDDLENAME", "ZLASTNAME", "ZNICKNAME", "ZORGANIZATION", "ZUNIQUEID")


@dataclass(frozen=True, slots=True)
class Card:
    """A person or a company of one source. A person in two sources has two cards."""

    id: str
    name: str
    phones: tuple[str, ...]
    """As the owner typed them."""
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddressBook:
    """The cards of all sources, and how many sources could not be read."""

    cards: tuple[Card, ...] = ()
    unreadable: int = 0


def address_book_files(folder: Path) -> list[Path]:
    """Return the database of the Mac itself and those of its accounts (iCloud, Google…)."""
    own = folder / _FILE
    accounts = sorted((folder / "Sources").glob(f"*/{_FILE}"))
    return [path for path in (own, *accounts) if path.exists()]


def read_address_book(folder: Path) -> AddressBook:
    """Return all cards that have a name and an address.

    A source that cannot be read is counted and left out: names are a comfort, and no reason to stop a sync.
    """
    cards: list[Card] = []
    unreadable = 0
    try:
        files = address_book_files(folder)
    except OSError:
        return AddressBook(unreadable=1)
    for path in files:
        try:
            cards += _cards(path)
        except Exception:  # whatever another version of the address book makes this stumble over
            unreadable += 1
    return AddressBook(tuple(cards), unreadable)


def _cards(path: Path) -> Iterator[Card]:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA query_only = 1")
        connection.text_factory = lambda raw: raw.decode(errors="replace").replace("\0", "")
        columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(ZABCDRECORD)")}
        wanted = ", ".join(f"CAST({name} AS TEXT)" if name in columns else "NULL" for name in _NAME_COLUMNS)
        people = connection.execute(f"SELECT Z_PK, {wanted} FROM ZABCDRECORD").fetchall()  # noqa: S608
        phones = _by_owner(connection, "SELECT ZOWNER, ZFULLNUMBER FROM ZABCDPHONENUMBER ORDER BY Z_PK")
        emails = _by_owner(connection, "SELECT ZOWNER, ZADDRESS FROM ZABCDEMAILADDRESS ORDER BY Z_PK")
    for key, first, middle, last, nickname, organization, unique_id in people:
        name = _name(first, middle, last) or _name(nickname) or _name(organization)
        card = Card(unique_id or f"{path.parent.name}/{key}", name, phones.get(key, ()), emails.get(key, ()))
        if card.name and (card.phones or card.emails):
            yield card


def _by_owner(connection: sqlite3.Connection, query: str) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for owner, address in connection.execute(query):
        if isinstance(address, str) and address.strip():
            found[owner] = (*found.get(owner, ()), address.strip())
    return found


def _name(*parts: str | None) -> str:
    return " ".join(part.strip() for part in parts if part and part.strip())
