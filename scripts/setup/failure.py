"""The one error that ends set-up: a sentence for the person who ran it."""


class SetupFailed(Exception):
    """What is missing or went wrong, and what to do about it."""
