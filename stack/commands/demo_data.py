"""`assistant demo-data`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stack.commands.options import plain_errors
from stack.demo_data import write_demo_address_book, write_demo_chat_db


def demo_data(path: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")]) -> None:
    """Write an invented Messages database, in the form that macOS 15 gives it, to try an agent with."""
    with plain_errors():
        summary = write_demo_chat_db(path.expanduser(), now=datetime.now(UTC))
        address_book = path.expanduser().with_name("AddressBook")
        if not address_book.exists():
            write_demo_address_book(address_book)
        typer.echo(
            f"{path}: {summary.messages} messages in {summary.conversations} conversations with {summary.people} people; "
            f"their names are in {address_book} (--address-book)"
        )
