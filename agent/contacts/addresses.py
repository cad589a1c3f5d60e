"""Phone numbers and e-mail addresses in the one form in which they can be compared."""

import re
from functools import lru_cache
from typing import Final

import phonenumbers

# Shorter ones are short codes, or numbers inside a company: the same digits elsewhere are somebody else.
_SHORTEST_PHONE: Final = 7
_SHORT_CODE: Final = range(3, 7)
_SCHEME: Final = re.compile(r"^(?:mailto|tel):", re.IGNORECASE)
_URN: Final = "urn:"


@lru_cache(maxsize=20_000)
def comparable(address: str, region: str | None = None) -> str:
    """Return E.164 for what can be a phone number, lower case for everything else.

    `region` (ISO 3166, two letters) is where a number without a country code belongs; such a number stays as it is when
    no region is known, since a guess could give somebody another person's name. For the same reason an address with a letter
    is a sender's name, however many digits it has, and a number with an extension is not the number without it.
    """
    bare = _SCHEME.sub("", address.strip())
    if "@" in bare or bare.startswith(_URN) or sum(character.isdecimal() for character in bare) < _SHORTEST_PHONE:
        return bare.lower()
    number = None if any(character.isalpha() for character in bare) else _phone(bare, region)
    if number is None or number.extension or not phonenumbers.is_possible_number(number):
        return "".join(bare.split()).lower()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _phone(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def region_of(address: str) -> str | None:
    """Return the region of an international phone number, None for anything else."""
    if not address.startswith("+"):
        return None
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(address, None))
    except phonenumbers.NumberParseException:
        return None


def is_short_code(address: str) -> bool:
    """Return whether the address is a short code or a sender's name, which machines use and people do not have."""
    if not address or "@" in address or address.startswith((_URN, "+")):
        return False
    if address.isdecimal():
        return len(address) in _SHORT_CODE
    return any(character.isalpha() for character in address)
