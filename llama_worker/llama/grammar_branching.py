"""How many ways llama.cpp has to follow in a grammar before it reads a character: some short grammars have more than atoms."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from svc_kit.errors import InvalidInput

_MOST: Final = 4096
# Of what may be nothing, in a row: each next character has as many ways again. Looking through a vocabulary of 49,152 takes 0.05 s with 16
# of them, and 4 s with 32.
_MOST_OF_NOTHING: Final = 16
# llama.cpp's parser calls itself for each group, and a thread's stack may be as small as half a megabyte.
_DEEPEST: Final = 1000
# Two are enough unless rules refer to themselves.
_MOST_ROUNDS: Final = 100
_TOKEN = re.compile(
    r"""\#[^\n]* | (?P<rule>[\w-]+)\s*::= | (?P<name>[\w-]+) | (?P<sign>[()|*+?])
    | (?P<count>\{\s*(?P<least>\d{0,9})\s*(?P<comma>,?)\s*(?P<most>\d{0,9})\s*\})
    | (?P<text>"(?:\\.|[^"\\])*" | \[(?:\\.|[^]\\])*\] | !?<[^>]*> | \.)""",
    re.VERBOSE | re.DOTALL,
)
_REPEATS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class _Ways(NamedTuple):
    """Ways to a first character, and ways to be nothing at all; what exceeds the most is one more than that."""

    to_text: int
    to_nothing: int

    def then(self, later: "_Ways") -> "_Ways":
        return _capped(self.to_text + self.to_nothing * later.to_text, self.to_nothing * later.to_nothing)

    def repeated(self, least: int, most: int | None) -> "_Ways":
        """So often in a row, and perhaps some more. What is never nothing has to be looked at only once."""
        more = 1 if most is None else most - least
        if not self.to_nothing:
            least, more = min(least, 1), min(more, 1)
        elif least + more > _MOST_OF_NOTHING:
            return _TOO_MANY
        some = _NOTHING
        for _ in range(more):
            after = self.then(some)
            some = _capped(after.to_text, after.to_nothing + 1)
        for _ in range(least):
            some = self.then(some)
        return some


_TEXT, _NOTHING, _NEVER, _TOO_MANY = _Ways(1, 0), _Ways(0, 1), _Ways(0, 0), _Ways(_MOST + 1, _MOST + 1)


class _Item(NamedTuple):
    """A text, or the name of a rule or group, and how often."""

    name: str | None
    least: int = 1
    most: int | None = 1


# What a rule or a group may be, one sequence or another.
_Choice = list[list[_Item]]


def check_grammar_branching(grammar: str, field: str) -> None:
    """Raise InvalidInput, naming the field, for a grammar that llama.cpp would follow for ever, or until its stack ends.

    What is no grammar passes: llama.cpp says so itself.
    """
    choices: dict[str, _Choice] = {}
    if _parse(grammar, choices) > _DEEPEST:
        raise InvalidInput(field, f"has more than {_DEEPEST:,} groups within each other")
    if _most_ways(choices) > _MOST:
        raise InvalidInput(field, f"can go on in more than {_MOST:,} ways at one place")


def _parse(grammar: str, choices: dict[str, _Choice]) -> int:
    """Collect the rules, and their groups as rules without a name of theirs; return how many groups lie within each other."""
    open_: list[_Choice] = [[[]]]
    deepest = 1
    for token in _TOKEN.finditer(grammar):
        sign = token["sign"]
        if token["rule"]:
            open_ = [choices.setdefault(token["rule"], [])]
            open_[0].append([])
        elif sign == "(":
            open_.append([[]])
            deepest = max(deepest, len(open_))
        elif sign == ")" and len(open_) > 1:
            name = f"({len(choices)}"
            choices[name] = open_.pop()
            open_[-1][-1].append(_Item(name))
        elif sign == "|":
            open_[-1].append([])
        elif token["name"] or token["text"]:
            open_[-1][-1].append(_Item(token["name"]))
        elif (sign in _REPEATS or token["count"]) and open_[-1][-1]:
            open_[-1][-1][-1] = _Item(open_[-1][-1][-1].name, *(_REPEATS[sign] if sign else _counts(token)))
    return deepest


def _counts(token: re.Match[str]) -> tuple[int, int | None]:
    least = int(token["least"] or 0)
    most = int(token["most"]) if token["most"] else None
    return least, most if token["comma"] else least


def _most_ways(choices: dict[str, _Choice]) -> int:
    """At whichever place a text stands."""
    ways, order = dict.fromkeys(choices, _NEVER), _parts_first(choices)
    for _ in range(_MOST_ROUNDS):
        before = ways.copy()
        for name in order:
            ends = [[_NOTHING, *_from_behind(sequence, ways)][-1] for sequence in choices[name]]
            ways[name] = _capped(sum(end.to_text for end in ends), sum(end.to_nothing for end in ends))
        if ways == before:
            break
    else:
        return _MOST + 1
    places = (place for choice in choices.values() for sequence in choice for place in _from_behind(sequence, ways))
    return max((max(place) for place in (*places, *ways.values())), default=0)


def _parts_first(choices: dict[str, _Choice]) -> list[str]:
    """The names, those that a choice refers to before its own, as far as it does not refer to itself."""
    order: dict[str, None] = {}
    seen: set[str] = set()
    to_see = [(name, False) for name in choices]
    while to_see:
        name, is_done = to_see.pop()
        if is_done:
            order[name] = None
        elif name in choices and name not in seen:
            seen.add(name)
            parts = [item.name for sequence in choices[name] for item in sequence if item.name]
            to_see += [(name, True), *((part, False) for part in parts)]
    return list(order)


def _from_behind(sequence: list[_Item], ways: dict[str, _Ways]) -> Iterator[_Ways]:
    """The ways at each place of a sequence, the last place first."""
    rest, skipped = _NOTHING, 0
    for item in reversed(sequence):
        once = ways.get(item.name, _NEVER) if item.name else _TEXT
        some = once.repeated(item.least, item.most)
        in_a_row = (item.most or 1) if once.to_nothing else 1
        skipped = skipped + in_a_row if some.to_nothing else 0
        rest = some.then(rest) if skipped <= _MOST_OF_NOTHING else _TOO_MANY
        yield rest


def _capped(to_text: int, to_nothing: int) -> _Ways:
    return _Ways(min(to_text, _MOST + 1), min(to_nothing, _MOST + 1))
