"""GBNF, llama.cpp's notation of grammars, taken apart in one pass over the text.

The notation is that of `llama_grammar_parser` in llama.cpp's src/llama-grammar.cpp, which has the last word: it gets every
grammar that passes here. What fails there is printed with its text, so this parser refuses all that it knows to be wrong.
"""

import re
from typing import Final, NamedTuple, NoReturn

from svc_kit.errors import InvalidInput

# llama.cpp's parser calls itself for each group, and a thread's stack may be as small as half a megabyte.
_MOST_NESTED: Final = 1000
# llama.cpp's MAX_REPETITION_THRESHOLD. It takes a larger maximum for none.
MOST_REPEATS: Final = 2000
# Repetitions of a repetition. No grammar needs even two, and llama.cpp calls itself for each.
_MOST_REPEATED: Final = 16
# llama.cpp writes counted repetitions out, one element of 8 bytes for a character or name, one rule for each optional one.
MOST_ELEMENTS: Final = 50_000
# Quantifiers are possessive: no character is matched twice by one token, whatever follows.
_ESCAPE: Final = r'\\(?:[trn\\"\[\]-]|x[0-9a-fA-F]{2}+|u[0-9a-fA-F]{4}+|U[0-9a-fA-F]{8}+)'
TOKEN: Final = re.compile(
    rf"""(?:[ \t]|\#[^\r\n\0]*+)*+(?:
      (?P<newline>[\r\n]++)
    | (?P<rule>[A-Za-z0-9-]++)[ \t]*+::=
    | (?P<name>[A-Za-z0-9-]++)
    | (?P<sign>[()|*+?.])
    | (?P<count>\{{[ \t\r\n]*+(?P<least>[0-9]++)[ \t\r\n]*+(?P<comma>,?+)[ \t\r\n]*+(?P<most>[0-9]*+)[ \t\r\n]*+\}})
    | "(?P<text>(?:[^"\\\0]|{_ESCAPE})*+)"
    | \[(?P<characters>(?:[^]\\\0]|{_ESCAPE})*+)\]
    | (?P<token>!?+<[^>\0]*+>)
    | \Z)
    """,
    re.VERBOSE,
)
_SIGNS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_LONGEST_NUMBER: Final = 9


class Item(NamedTuple):
    """A text (`name` is None), a rule or a group, and how often it stands there; `most` None is without end."""

    name: str | None
    least: int = 1
    most: int | None = 1


# What a rule or a group may be: one sequence or another.
Choice = list[list[Item]]
Rules = dict[str, Choice]


def parse_gbnf(grammar: str, field: str) -> Rules:
    """The rules of a grammar and its groups, as rules whose names begin with a parenthesis.

    Raises InvalidInput, naming the field, for what llama.cpp would refuse, and for what would grow beyond
    `MOST_ELEMENTS`. Takes time in proportion to the text.
    """
    parser = _Parser(field)
    at = 0
    while at < len(grammar):
        token = TOKEN.match(grammar, at)
        if token is None:
            parser.refuse(at)
        parser.take(token)
        at = token.end()
    return parser.finish(at)


class _Parser:
    """Where a text stands between two tokens."""

    def __init__(self, field: str) -> None:
        self.rules: Rules = {}
        self._field = field
        # The rule, and the groups in it that are open; nothing between two rules.
        self._open: list[Choice] = []
        # Elements of the last item, for which a repetition may stand; 0 when there is nothing to repeat.
        self._width = 0
        self._elements = 0
        # How many repetitions stand behind it so far.
        self._repeated = 0
        # Whether a rule or another choice has just begun: newlines do not end it.
        self._begins = False
        self._used: set[str] = set()

    def take(self, token: re.Match[str]) -> None:
        """Go on by one token."""
        kind = token.lastgroup
        if kind is None:  # the end
            return
        if kind == "newline":
            if len(self._open) == 1 and not self._begins:
                self._open = []
            return
        if kind == "rule":
            self._begin_rule(token)
        elif not self._open:
            self.refuse(token.start())
        elif kind == "sign" and token["sign"] != ".":
            self._take_sign(token)
        elif token["count"]:
            self._repeat(token, *self._counts(token))
        else:
            self._add(token)
        self._begins = kind == "rule" or token["sign"] == "|"

    def finish(self, end: int) -> Rules:
        """The rules, once nothing follows."""
        if len(self._open) > 1:
            self.refuse(end)
        if "root" not in self.rules:
            raise InvalidInput(self._field, "is no GBNF grammar with a rule `root`")
        if not self._used <= self.rules.keys():
            raise InvalidInput(self._field, "is no GBNF grammar: it names a rule that it does not define")
        return self.rules

    def refuse(self, at: int) -> NoReturn:
        raise InvalidInput(self._field, f"is no GBNF grammar: unexpected text at character {at + 1:,}")

    def _begin_rule(self, token: re.Match[str]) -> None:
        if self._open:
            self.refuse(token.start())
        # Of two rules with one name llama.cpp takes the later.
        choice: Choice = [[]]
        self.rules[token["rule"]] = choice
        self._open, self._width = [choice], 0

    def _take_sign(self, token: re.Match[str]) -> None:
        sign = token["sign"]
        if sign in _SIGNS:
            self._repeat(token, *_SIGNS[sign])
            return
        self._width = 0
        if sign == "|":
            self._open[-1].append([])
        elif sign == "(":
            self._open.append([[]])
            if len(self._open) > _MOST_NESTED:
                raise InvalidInput(self._field, f"has more than {_MOST_NESTED:,} groups within each other")
        elif len(self._open) == 1:
            self.refuse(token.start())
        else:
            name = f"({len(self.rules)}"
            self.rules[name] = self._open.pop()
            self._append(Item(name), 1)

    def _add(self, token: re.Match[str]) -> None:
        name, text = token["name"], token["text"] if token["text"] is not None else token["characters"]
        if name:
            self._used.add(name)
        width = 1 if text is None else len(text) if text != "^" or token["text"] else 0
        if width:
            self._append(Item(name), width)
        else:
            # An empty text is nothing at all, and nothing may repeat it.
            self._width = 0

    def _append(self, item: Item, width: int) -> None:
        self._open[-1][-1].append(item)
        self._width, self._repeated = width, 0
        self._count_elements(width)

    def _counts(self, token: re.Match[str]) -> tuple[int, int | None]:
        least, most = token["least"], token["most"]
        if max(len(least), len(most)) > _LONGEST_NUMBER or max(int(least), int(most or 0)) > MOST_REPEATS:
            raise InvalidInput(self._field, f"repeats something more than {MOST_REPEATS:,} times")
        if not token["comma"]:
            return int(least), int(least)
        if most and int(most) < int(least):
            self.refuse(token.start())
        return int(least), int(most) if most else None

    def _repeat(self, token: re.Match[str], least: int, most: int | None) -> None:
        if not self._width:
            self.refuse(token.start())
        items = self._open[-1][-1]
        before = items[-1]
        self._repeated += 1
        if self._repeated > _MOST_REPEATED:
            raise InvalidInput(self._field, f"repeats something more than {_MOST_REPEATED} times over")
        times = max(least, most or 0, 1)
        self._count_elements(self._width * (times - 1))
        if (before.least, before.most) != (1, 1):
            # Repeated again: what was repeated becomes a group.
            name = f"({len(self.rules)}"
            self.rules[name] = [[before]]
            before = Item(name)
        items[-1] = Item(before.name, least, most)
        self._width *= times

    def _count_elements(self, count: int) -> None:
        self._elements += count
        if self._elements > MOST_ELEMENTS:
            raise InvalidInput(
                self._field, f"has more than {MOST_ELEMENTS:,} elements once its repetitions are written out"
            )
