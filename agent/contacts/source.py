"""The address book, read again only when it changed."""

from dataclasses import replace
from pathlib import Path

from agent.contacts.address_book import AddressBook, address_book_files, read_address_book

_Stamp = tuple[tuple[str, int, int], ...]


class ContactsSource:
    """Looks at the files' times and sizes: a pass runs after every message, and names change once a month.

    A source that cannot be read now, since something else writes to it, keeps the cards that it had.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._stamp: _Stamp | None = None
        self._book = AddressBook()
        self.is_whole = folder is None
        """Whether every source was read at least once."""

    def read(self) -> AddressBook:
        """Return the address book as it is; an empty one where there is none, or it cannot be read."""
        if self._folder is None:
            return self._book
        stamp = _stamp(self._folder)
        if stamp is None or stamp != self._stamp:
            book = read_address_book(self._folder)
            self._stamp = None if book.unreadable else stamp
            self._book = _with_earlier(book, self._book) if book.unreadable else book
            self.is_whole |= not book.unreadable
        return self._book


def _stamp(folder: Path) -> _Stamp | None:
    try:
        files = [path for main in address_book_files(folder) for path in (main, main.with_name(main.name + "-wal"))]
        states = [(str(path), path.stat()) for path in files if path.exists()]
    except OSError:
        return None
    return tuple((path, state.st_mtime_ns, state.st_size) for path, state in states)


def _with_earlier(book: AddressBook, earlier: AddressBook) -> AddressBook:
    known = {card.id for card in book.cards}
    return replace(book, cards=(*book.cards, *(card for card in earlier.cards if card.id not in known)))
