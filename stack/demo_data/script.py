"""Reads the demo's conversations: text files that a person can write, in `conversations/` beside this module.

A file names a group or not (`group:`), its people (`with:`, between semicolons), and then holds blocks of lines. A block
begins with its time before now: `@ 12d 18:40` (twelve days ago at 18:40), `@ 3h` or `@ 35m`. Lines are `Name: text`, with
`Me` for the owner; a line that starts with two spaces goes on with the text before it. Other lines say more of the message
before them: `+ Name: love` a reaction (a kind, or an emoji), `~ text` what it said before it was edited, `> 3` that it
replies to the third message before it, `% lake.heic` that a photo goes with it.

In people.txt somebody with several addresses has a row for each; the name of the second row ends in `#` and a word of its own,
by which a conversation names that address.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

_BLOCK: Final = re.compile(r"@ (?:(?P<days>\d+)d (?P<hour>\d\d):(?P<minute>\d\d)|(?P<ago>\d+)(?P<unit>[hm]))")
_OWNER: Final = "Me"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the owner writes with."""

    name: str
    handle: str
    service: str

    @property
    def full_name(self) -> str:
        """The name alone, the same for all of somebody's addresses."""
        return self.name.partition("#")[0]


@dataclass(frozen=True, slots=True)
class Line:
    """Something said. `sender` is None for the owner."""

    sender: Person | None
    text: str
    sent_at: datetime
    reactions: tuple[tuple[Person | None, str], ...] = ()
    edited_from: str = ""
    reply_to: int = 0
    """How many messages back, 0 for none."""
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation; `group` is its name, empty if it is one-to-one."""

    key: str
    group: str
    people: tuple[Person, ...]
    lines: tuple[Line, ...]


def load_people() -> dict[str, Person]:
    """Return everybody by name."""
    rows = (files(__package__) / "people.txt").read_text(encoding="utf-8").splitlines()
    people = (Person(*(part.strip() for part in row.split("|"))) for row in rows if row and row[0] != "#")
    return {person.name: person for person in people}


def load_conversations(now: datetime) -> list[Conversation]:
    """Return the conversations as they look at `now`: every line lies before it, in order."""
    people = load_people()
    folder = files(__package__) / "conversations"
    return [_conversation(file, people, now) for file in sorted(folder.iterdir(), key=lambda file: file.name)]


def _conversation(file: Traversable, people: dict[str, Person], now: datetime) -> Conversation:
    header, _, body = file.read_text(encoding="utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in header.splitlines())
    members = tuple(people[name] for name in fields["with"].split("; "))
    return Conversation(
        key=file.name.removesuffix(".txt"),
        group=fields.get("group", ""),
        people=members,
        lines=tuple(_lines(body, members, now)),
    )


def _lines(body: str, members: tuple[Person, ...], now: datetime) -> list[Line]:
    lines: list[Line] = []
    clock = now - timedelta(days=3650)
    for row in body.splitlines():
        if row.startswith("@"):
            clock = max(clock, _block_start(row, now))
        elif row.startswith(("  ", "+ ", "~ ", "> ", "% ")):
            lines[-1] = _with_more(lines[-1], row[:2], row[2:], members)
        elif row:
            name, text = row.split(": ", 1)
            clock = min(clock + _pause_before(text, len(lines)), now - timedelta(seconds=30))
            lines.append(Line(_sender(name, members), text, clock))
    return lines


def _with_more(line: Line, mark: str, rest: str, members: tuple[Person, ...]) -> Line:
    if mark == "  ":
        return replace(line, text=f"{line.text}\n{rest}")
    if mark == "+ ":
        name, kind = rest.split(": ", 1)
        return replace(line, reactions=(*line.reactions, (_sender(name, members), kind)))
    if mark == "~ ":
        return replace(line, edited_from=rest)
    return replace(line, reply_to=int(rest)) if mark == "> " else replace(line, photo=rest)


def _sender(name: str, members: tuple[Person, ...]) -> Person | None:
    return None if name == _OWNER else _member(name, members)


def _block_start(row: str, now: datetime) -> datetime:
    match = _BLOCK.fullmatch(row)
    if match is None:
        raise ValueError(f"not a time: {row}")
    if match["ago"]:
        amount = int(match["ago"])
        return now - (timedelta(hours=amount) if match["unit"] == "h" else timedelta(minutes=amount))
    day = now - timedelta(days=int(match["days"]))
    return day.replace(hour=int(match["hour"]), minute=int(match["minute"]), second=0, microsecond=0)


def _pause_before(text: str, index: int) -> timedelta:
    """Longer texts take longer to write; the rest is only there to look less regular."""
    return timedelta(seconds=12 + len(text) // 3 + index * 53 % 47)


def _member(name: str, members: tuple[Person, ...]) -> Person:
    return next(person for person in members if person.name.startswith(name))
