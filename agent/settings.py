"""What the owner may set, and what a wrong value is told as."""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, Self

from agent.contacts.address_book import FOLDER as ADDRESS_BOOK
from agent.errors import UsageError
from agent.privacy import Privacy
from agent.server_url import ServerUrl, parse_server_url

CHAT_DB: Final = Path("~/Library/Messages/chat.db")
INTERVAL: Final = 300.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one agent: those of the file, and what the command line says instead."""

    server: str = ""
    name: str = ""
    chat_db: Path = field(default_factory=CHAT_DB.expanduser)
    address_book: Path | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    interval: float = INTERVAL
    exclude: tuple[str, ...] = ()
    since: date | None = None
    groups: bool = True

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what the file says; no file says nothing."""
        try:
            with path.open("rb") as file:
                values = tomllib.load(file)
        except FileNotFoundError:
            return cls()
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{path} is not valid TOML: {error}") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not a text file in UTF-8") from error
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from error
        return cls(**_checked(path, values))

    def instead(self, **options: Any) -> Self:
        """Return these settings with the options that are given (not None). Raises UsageError naming a wrong one."""
        given = {name: value for name, value in options.items() if value is not None}
        for name in _PATHS & given.keys():
            given[name] = given[name].expanduser().absolute()
        for name in _TYPED & given.keys():
            # What a command would save, it could not read again.
            try:
                given[name] = _CHECKS[name](given[name])
            except ValueError as error:
                raise UsageError(f"--{name.replace('_', '-')} {error}") from error
        return replace(self, **given)

    def server_url(self, settings_file: Path) -> ServerUrl:
        """Return the server's address, or say where to write one."""
        if not self.server:
            raise UsageError(f"no server is set; name it with --server, or as `server` in {settings_file}")
        return parse_server_url(self.server)

    @property
    def address_book_folder(self) -> Path | None:
        """The Mac's own address book goes with the Mac's own messages, and with no other database."""
        if self.address_book is None and self.chat_db == CHAT_DB.expanduser():
            return ADDRESS_BOOK.expanduser()
        return self.address_book

    def privacy(self) -> Privacy:
        """What the owner lets leave the Mac."""
        return Privacy.of(self.exclude, _midnight(self.since), groups=self.groups)


def _midnight(since: date | None) -> datetime | None:
    """A date begins at midnight here; a time without a zone is this machine's."""
    if since is None:
        return None
    moment = since if isinstance(since, datetime) else datetime.combine(since, time.min)
    return moment if moment.tzinfo else moment.astimezone()


def _checked(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(values.keys() - _CHECKS.keys())
    if unknown:
        raise UsageError(f"{path}: there is no setting {', '.join(map(_named, unknown))}")
    checked: dict[str, Any] = {}
    for key, value in values.items():
        try:
            checked[key] = _CHECKS[key](value)
        except ValueError as error:
            # The value is not repeated: it may be somebody's number.
            raise UsageError(f"{path}: `{key}` {error}") from error
    return checked


def _named(unknown: str) -> str:
    near = difflib.get_close_matches(unknown, _CHECKS, n=1)
    return f"`{unknown}` (did you mean `{near[0]}`?)" if near else f"`{unknown}`"


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text, and not empty")
    return value.strip()


def _server(value: Any) -> str:
    try:
        return str(parse_server_url(_text(value)))
    except UsageError as error:
        raise ValueError(str(error).removeprefix("--server ")) from error


def _path(value: Any) -> Path:
    path = Path(_text(value)).expanduser()
    if not path.is_absolute():
        # The agent is started from anywhere, so a relative path would be another file each time.
        raise ValueError("must be a whole path, from / or ~ on")
    return path


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 86_400:
        raise ValueError("must be a number of seconds from 1 to 86400")
    return float(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry.strip() for entry in value):
        raise ValueError('must be a list of texts, such as ["+12025550150", "ana@example.com"]')
    return tuple(entry.strip() for entry in value)


def _date(value: Any) -> date:
    if not isinstance(value, date):
        raise ValueError("must be a date without quotation marks, such as 2024-01-01")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


_TYPED: Final = {"name", "interval"}
_PATHS: Final = {"chat_db", "address_book", "token_file", "ca_file"}
_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "server": _server,
    "name": _text,
    "chat_db": _path,
    "address_book": _path,
    "token_file": _path,
    "ca_file": _path,
    "interval": _seconds,
    "exclude": _texts,
    "since": _date,
    "groups": _switch,
}
assert _CHECKS.keys() == {each.name for each in fields(Settings)}
