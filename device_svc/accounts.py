"""`python -m device_svc.accounts`: the operator makes accounts and resets passwords. Needs only the database (DB_HOST…)."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

import typer

from device_svc.crypto.passwords import Argon2Passwords
from device_svc.storage.transactions import PostgresTransactions
from device_svc.use_cases.account_service import AccountService
from svc_kit.database import Database
from svc_kit.errors import DomainError
from svc_kit.settings import DatabaseSettings

T = TypeVar("T")

PASSWORD_VARIABLE = "ASSISTANT_OWNER_PASSWORD"  # noqa: S105 - its name

app = typer.Typer(no_args_is_help=True, help="Accounts of this installation.")
Name = Annotated[str, typer.Argument(help="The name to sign in with.")]


@app.command()
def add(name: Name) -> None:
    """Make an account. The password comes from ASSISTANT_OWNER_PASSWORD, from a prompt, or is made and printed once."""
    password, made = _password()
    account = _run(lambda service: service.add(name, password))
    typer.echo(f"account {account.name} made, id {account.account_id}")
    _tell(made, password)


@app.command("list")
def list_accounts() -> None:
    """List the accounts: name, id and when they were made."""
    for account in _run(lambda service: service.all()):
        typer.echo(f"{account.name}\t{account.account_id}\t{account.created_at:%Y-%m-%d %H:%M}")


@app.command()
def reset_password(name: Name) -> None:
    """Set another password, from the same places, and end all sessions of the account."""
    password, made = _password()
    ended = _run(lambda service: service.reset_password(name, password))
    typer.echo(f"password of {name} set, {ended} session(s) ended")
    _tell(made, password)


@app.command()
def ensure_owner() -> None:
    """Make the first account, `owner`, when there is none; else change nothing."""
    given = os.environ.get(PASSWORD_VARIABLE, "")
    password = given or secrets.token_urlsafe(12)
    account = _run(lambda service: service.ensure_owner(password))
    if account is None:
        typer.echo("there is an account already")
        return
    typer.echo(f"account {account.name} made, id {account.account_id}")
    _tell(not given, password)


def _password() -> tuple[str, bool]:
    """The password, and whether it was made here."""
    given = os.environ.get(PASSWORD_VARIABLE, "")
    if given:
        return given, False
    if sys.stdin.isatty():
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed, False
    return secrets.token_urlsafe(12), True


def _tell(made: bool, password: str) -> None:
    if made:
        typer.echo(f"password: {password}")
        typer.echo("It is shown only now.", err=True)


def _run(work: Callable[[AccountService], Awaitable[T]]) -> T:
    settings = DatabaseSettings.load()

    async def run() -> T:
        async with _account_service(settings) as service:
            return await work(service)

    try:
        return asyncio.run(run())
    except DomainError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(1) from None


@asynccontextmanager
async def _account_service(settings: DatabaseSettings) -> AsyncIterator[AccountService]:
    database = Database(settings, pool_size=1, application="accounts")
    passwords = Argon2Passwords()
    try:
        yield AccountService(PostgresTransactions(database), passwords)
    finally:
        passwords.close()
        await database.close()


if __name__ == "__main__":
    app()
