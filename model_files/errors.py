"""What the commands show as one line instead of a traceback."""

from __future__ import annotations


class ModelCommandError(Exception):
    """Something the operator can act on; the text says what and how."""
