"""When two handles are the same person's address, and who that person is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

_INTERNATIONAL = "00"


# A page of messages asks for the same few handles again and again.
@lru_cache(maxsize=10_000)
def handle_key(handle: str) -> str:
    """The form in which handles are compared: digits of a phone number with a + in front where it had one, else lower case.

    A number without a country code is equal only to the same number without one: guessing a country would give somebody
    another person's name.
    """
    bare = "".join(handle.split())
    digits = "".join(character for character in bare if character.isdecimal())
    if not digits or any(character.isalpha() or character == "@" for character in bare):
        return bare.lower()
    if bare.startswith("+"):
        return f"+{digits}"
    if digits.startswith(_INTERNATIONAL):
        return f"+{digits[len(_INTERNATIONAL) :]}"
    return digits


@dataclass(frozen=True, slots=True)
class AddressBook:
    """The names of some handles, as the owner's contacts have them; `names` is keyed by `handle_key`."""

    names: Mapping[str, str] = field(default_factory=dict)

    def name_of(self, handle: str) -> str:
        """The contact's name, or an empty text."""
        return self.names.get(handle_key(handle), "")

    def name_or_handle(self, handle: str) -> str:
        """The contact's name, else the handle itself."""
        return self.name_of(handle) or handle

    def conversation_name(self, given: str, participants: Sequence[str], fallback: str, *, is_group: bool) -> str:
        """A conversation's name for people: the given one, else its participants', else `fallback`.

        Each name once. The handles of a conversation that is no group are all one person's, who is named by any of them.
        """
        if given or not participants:
            return given or fallback
        if not is_group:
            return next((name for handle in participants if (name := self.name_of(handle))), participants[0])
        return ", ".join(dict.fromkeys(self.name_or_handle(handle) for handle in participants))
