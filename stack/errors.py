"""What the command line shows as one clear message instead of a traceback."""


class StackError(Exception):
    """Something the operator can act on; the text says what and how."""
