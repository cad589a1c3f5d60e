"""How the readers of this package say that a blob is not what it should be."""

from typing import Final


class Malformed(Exception):
    """The bytes are not what the format says; never leaves the package."""


UNREADABLE: Final = (Malformed, IndexError, UnicodeDecodeError)
"""All that reading a blob raises: an IndexError says that it ends too soon, or refers to what it does not hold."""
