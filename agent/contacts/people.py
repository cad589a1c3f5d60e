"""Which addresses are one person's, and what the person is called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from agent.contacts.address_book import Card
from agent.contacts.addresses import comparable
from agent.contacts.union_find import UnionFind

_MAX_NAME: Final = 300
_MAX_HANDLES: Final = 100
_MAX_ID: Final = 200


@dataclass(frozen=True, slots=True)
class Contact:
    """A person of whom at least one address occurs in a chat."""

    id: str
    display_name: str
    handles: tuple[str, ...]
    """Every address, in the form that Messages uses where that could be told."""


class People:
    """Addresses as persons.

    An address that stands on cards of different names (a family's landline) is nobody's in particular: it would make two
    people one, and show the one's messages as the other's.
    """

    def __init__(self, cards: Iterable[Card] = (), region: str | None = None) -> None:
        self._region = region
        self._cards = [(card, self._addresses(card)) for card in cards]
        self._persons = UnionFind()
        ambiguous = self._ambiguous()
        for _, addresses in self._cards:
            self._persons.join(address for address in addresses if address not in ambiguous)

    def same(self, addresses: Iterable[str]) -> None:
        """Learn that these are one person's."""
        self._persons.join(self.address(address) for address in addresses)

    def address(self, handle: str) -> str:
        """The handle in the form in which addresses are compared."""
        return comparable(handle, self._region)

    def person_of(self, handle: str) -> str:
        """The one address that stands for all of the person's: the same whatever order they are learned in."""
        return self._persons.least(self.address(handle))

    def addresses(self) -> set[str]:
        """All addresses on cards."""
        return {address for _, addresses in self._cards for address in addresses}

    def all_with(self, handles: Iterable[str]) -> set[str]:
        """Everybody, by the address that stands for them, who may have one of these: all that share it, too."""
        wanted = {self.address(handle) for handle in handles}
        found = set(wanted)
        for _, addresses in self._cards:
            if not wanted.isdisjoint(addresses):
                found.update(addresses)
        return {self._persons.least(address) for address in found}

    def contacts(self, handles: Iterable[str]) -> list[Contact]:
        """The people to whom at least one of these belongs, in a stable order; nobody else leaves the Mac."""
        seen: dict[str, str] = {self.address(handle): handle for handle in sorted(handles)}
        found: dict[str, Contact] = {}
        for card, addresses in self._cards:
            if any(address in seen for address in addresses):
                known = dict.fromkeys([*(seen.get(address, address) for address in addresses), *addresses])
                found[card.id[:_MAX_ID]] = Contact(
                    card.id[:_MAX_ID], card.name[:_MAX_NAME], tuple(known)[:_MAX_HANDLES]
                )
        return [found[key] for key in sorted(found)]

    def _addresses(self, card: Card) -> tuple[str, ...]:
        return tuple(dict.fromkeys(comparable(address, self._region) for address in (*card.phones, *card.emails)))

    def _ambiguous(self) -> set[str]:
        names: dict[str, set[str]] = {}
        for card, addresses in self._cards:
            for address in addresses:
                names.setdefault(address, set()).add(card.name.casefold())
        return {address for address, called in names.items() if len(called) > 1}


def named_by_chats(names: Mapping[str, str]) -> list[Contact]:
    """People whom only Messages itself names, by the display name of their one-to-one chat."""
    return [Contact(f"handle:{handle}"[:_MAX_ID], names[handle][:_MAX_NAME], (handle,)) for handle in sorted(names)]
