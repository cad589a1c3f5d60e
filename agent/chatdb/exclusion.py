"""Whom and what the owner keeps on the Mac, by whatever name Messages knows it.

In doubt it stays there: what left once cannot be taken back.
"""

from collections.abc import Iterable
from typing import Final

from agent.contacts.people import People
from agent.privacy import Privacy

# Fewer digits at the end would be those of many numbers.
_SHORTEST_ENDING: Final = 7


class Exclusion:
    """The owner's entries against the people and the chats that there are.

    An entry is an address in any form, or a chat's GUID, identifier or room. Messages renames GUIDs (`iMessage;+;chat7` is
    `any;+;chat7` on newer systems), so only what stands behind the last semicolon counts.
    """

    def __init__(self, privacy: Privacy, people: People, addresses: Iterable[str]) -> None:
        """`addresses` are all handles there are."""
        self._groups = privacy.groups
        self._people = people
        self._names = {_name(entry) for entry in privacy.excluded} - {""}
        numbers = {ending for name in self._names if (ending := _ending(name))}
        self._endings = tuple(numbers)
        self._international = [digits for name in self._names if (digits := _international(name))]
        self._persons: set[str] = set()
        if self._names:
            known = {*addresses, *people.addresses()}
            self._persons = people.all_with({*self._names, *(one for one in known if self._ends_alike(one))})
        self._unseen = {name for name in self._names if _is_no_address(name)}
        self._rooms = set(self._names)
        self._members: set[str] = set()

    def person(self, handle: str) -> bool:
        """Whether the handle is one of a person who is excluded, by whichever address."""
        if not self._names:
            return False
        return self._people.person_of(handle) in self._persons or self._ends_alike(self._people.address(handle))

    def chat(self, names: Iterable[str | None], participants: Iterable[str], *, is_group: bool) -> bool:
        """Whether a chat with these GUIDs, identifiers and rooms is excluded; what it teaches of orphans is kept in mind."""
        called = {_name(name) for name in names if name}
        participants = tuple(participants)
        self._unseen -= called
        if is_group:
            excluded = not self._groups or not called.isdisjoint(self._names)
        else:
            excluded = not called.isdisjoint(self._names) or any(map(self.person, (*called, *participants)))
        if excluded:
            self._rooms |= called
            self._members.update(map(self._people.person_of, participants))
        return excluded

    def orphan(self, room: str | None, sender: str) -> bool:
        """Whether a message without a chat may be of one that is excluded. `sender` is empty for the owner's own."""
        if not self._groups:
            return True
        if not self._names:
            return False
        if not sender:
            return True  # perhaps to somebody excluded
        if room:
            return _name(room) in self._rooms
        # Of a chat that is gone nobody knows who was in it.
        return bool(self._unseen) or self._people.person_of(sender) in self._members

    def _ends_alike(self, address: str) -> bool:
        digits = address.removeprefix("+")
        if not digits.isdecimal():
            return False
        if digits.endswith(self._endings):
            return True
        ending = "" if address.startswith("+") else _ending(address)
        return bool(ending) and any(number.endswith(ending) for number in self._international)


def _name(entry: str) -> str:
    return entry.rpartition(";")[2].strip()


def _is_no_address(name: str) -> bool:
    return "@" not in name and any(character.isalpha() for character in name)


def _ending(name: str) -> str:
    """The digits with which a number without a country's code ends, whichever that is; empty for everything else."""
    if _is_no_address(name) or "@" in name or name.startswith("+"):
        return ""
    digits = _digits(name).lstrip("0")
    return digits if len(digits) >= _SHORTEST_ENDING else ""


def _international(name: str) -> str:
    return _digits(name) if name.startswith("+") else ""


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdecimal())
