"""`python -m stack` is `assistant`."""

from stack.cli import app

app()
