"""The options that commands share, and the settings that come out of them and the file."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from agent.folders import Folders
from agent.server_url import ServerUrl
from agent.settings import Settings
from agent.token_store import FileTokenStore, KeyringTokenStore, TokenStore

EXIT_CODES: Final = """
Exit codes: 0 done · 1 failed · 2 wrong option or setting ·
3 the Messages database cannot be read · 4 the server is away ·
5 not paired, or refused by the server · 6 nothing here starts services ·
130 stopped by Ctrl-C or SIGTERM
"""

ServerOption = Annotated[
    str | None, typer.Option("--server", help="The server's address; http only for this machine itself.")
]
NameOption = Annotated[
    str | None, typer.Option("--name", help="What to call this Mac; its own name when left out.", show_default=False)
]
TokenFileOption = Annotated[
    Path | None, typer.Option("--token-file", help="Keep the token in this file (mode 0600) instead of the keychain.")
]
CaFileOption = Annotated[
    Path | None, typer.Option("--ca-file", help="Trust this certificate authority (PEM) for https.")
]
ChatDbOption = Annotated[
    Path | None,
    typer.Option(
        "--chat-db",
        help="The Messages database; needed only where it is not in its usual place, ~/Library/Messages/chat.db.",
    ),
]
AddressBookOption = Annotated[
    Path | None, typer.Option("--address-book", help="The folder of the address book, where it is not the usual one.")
]
IntervalOption = Annotated[
    float | None,
    typer.Option(
        "--interval",
        min=1,
        max=86_400,
        help="Seconds between full passes when nothing seems to change; 300 when left out.",
        show_default=False,
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", help="Leave out this number, e-mail address or chat as well; may be given several times."
    ),
]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Leave out what was sent before this day.")
]
GroupsOption = Annotated[
    bool | None, typer.Option("--groups/--no-groups", help="Whether group chats leave this Mac.", show_default=False)
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead; docs/AGENT.md lists the fields.")]


@dataclass(frozen=True)
class Chosen:
    """What a command works with."""

    folders: Folders
    settings: Settings

    @property
    def server(self) -> ServerUrl:
        """The server's address. Raises AgentError when there is none or it cannot be understood."""
        return self.settings.server_url(self.folders.settings_file)

    @property
    def store(self) -> TokenStore:
        """Where the device token is kept."""
        return token_store(self.settings, self.server)


def chosen(**options: Any) -> Chosen:
    """Read the settings file, and put the options that are given in place of what it says."""
    folders = Folders.of()
    settings = Settings.read(folders.settings_file)
    if isinstance(since := options.get("since"), datetime):
        options["since"] = since.date()
    if options.get("exclude") is not None:
        # Beside what the file excludes: no option may let out what its owner keeps in.
        options["exclude"] = tuple(dict.fromkeys((*settings.exclude, *(entry.strip() for entry in options["exclude"]))))
    together = settings.instead(**options)
    together.privacy()  # tells of an --exclude that means nothing
    return Chosen(folders, together)


def token_store(settings: Settings, server: ServerUrl) -> TokenStore:
    """Return the file that the settings name, or the keychain."""
    return FileTokenStore(settings.token_file) if settings.token_file else KeyringTokenStore(str(server))


def given(**options: Any) -> dict[str, Any]:
    """Return the options as settings to save."""
    since = options.get("since")
    return options | {"since": since.date() if isinstance(since, datetime) else since}


def how_to(command: str, server: str | None, token_file: Path | None) -> str:
    """Return a command as the person has to type it: with the options that stand in no file."""
    options = (f" --server {server}" if server else "") + (f" --token-file '{token_file}'" if token_file else "")
    return f"assistant-agent {command}{options}"
