"""How many ways llama.cpp has to follow in a grammar up to the next character: in some short grammars they are countless."""

from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from llama_worker.llama.gbnf import Choice, Item, Rules
from svc_kit.errors import InvalidInput

_MOST: Final = 4096
# Of what may be nothing, in a row: each next character has as many ways again. Looking through a vocabulary of 49,152 takes
# 0.05 s with 16 of them, and 4 s with 32.
_MOST_OF_NOTHING: Final = 16
# llama.cpp looks for left recursion with a function that calls itself for each rule that another begins with, and a thread's
# stack may be as small as half a megabyte.
_DEEPEST: Final = 2000


class _Ways(NamedTuple):
    """Ways to a first character, and ways to be nothing at all; what exceeds the most is one more than that."""

    to_text: int
    to_nothing: int

    def then(self, later: "_Ways") -> "_Ways":
        return _capped(self.to_text + self.to_nothing * later.to_text, self.to_nothing * later.to_nothing)


_TEXT, _NOTHING, _TOO_MANY = _Ways(1, 0), _Ways(0, 1), _Ways(_MOST + 1, _MOST + 1)


def check_grammar_branching(rules: Rules, field: str) -> None:
    """Raise InvalidInput, naming the field, for a grammar that llama.cpp would follow for ever, or until its stack ends.

    `rules` are as `parse_gbnf` gives them: whatever they name is there. Each item is looked at twice.
    """
    counted = _count_ways(rules, field)
    if max((each.depth for each in counted.values()), default=0) > _DEEPEST:
        raise InvalidInput(field, f"has more than {_DEEPEST:,} rules that begin with each other")
    ways = {name: each.ways for name, each in counted.items()}
    places = (place for choice in rules.values() for sequence in choice for place in _from_behind(sequence, ways))
    if any(max(place) > _MOST for place in (*ways.values(), *places)):
        raise InvalidInput(field, f"can go on in more than {_MOST:,} ways at one place")


class _Counted(NamedTuple):
    """A rule's ways, and how many rules begin with each other from it on."""

    ways: _Ways
    depth: int


def _count_ways(rules: Rules, field: str) -> dict[str, _Counted]:
    """Count each rule once, after those that its texts may begin with.

    Raises InvalidInput for rules that begin with themselves, as llama.cpp refuses them.
    """
    counted: dict[str, _Counted] = {}
    for start in rules:
        # Generators on a stack instead of a function that calls itself: rules may refer to rules as deep as they like.
        counting = {} if start in counted else {start: _choice_ways(rules[start], counted)}
        while counting:
            name, count = next(reversed(counting.items()))
            try:
                needed = next(count)
            except StopIteration as end:
                counted[name] = end.value
                del counting[name]
                continue
            if needed in counting:
                raise InvalidInput(field, "is no GBNF grammar: a rule begins with itself, which is left recursion")
            counting[needed] = _choice_ways(rules[needed], counted)
    return counted


def _choice_ways(choice: Choice, counted: dict[str, _Counted]) -> Generator[str, None, _Counted]:
    """Count a rule; yields the names that have to be counted before it goes on."""
    to_text = to_nothing = depth = 0
    for sequence in choice:
        ways = _NOTHING
        for item in sequence:
            once = _TEXT
            if item.name is not None:
                if item.name not in counted:
                    yield item.name
                once = counted[item.name].ways
                depth = max(depth, counted[item.name].depth)
            ways = ways.then(_repeated(once, item.least, item.most))
            if not ways.to_nothing:
                break
        to_text, to_nothing = to_text + ways.to_text, to_nothing + ways.to_nothing
    return _Counted(_capped(to_text, to_nothing), depth + 1)


def _from_behind(sequence: list[Item], ways: dict[str, _Ways]) -> Iterator[_Ways]:
    """The ways at each place of a sequence, the last place first."""
    rest, skipped = _NOTHING, 0
    for item in reversed(sequence):
        once = _TEXT if item.name is None else ways[item.name]
        some = _repeated(once, item.least, item.most)
        in_a_row = (item.most or 1) if once.to_nothing else 1
        skipped = skipped + in_a_row if some.to_nothing else 0
        rest = some.then(rest) if skipped <= _MOST_OF_NOTHING else _TOO_MANY
        yield rest


@lru_cache(4096)
def _repeated(once: _Ways, least: int, most: int | None) -> _Ways:
    """So often in a row, and perhaps some more. What is never nothing has to be looked at only once."""
    more = 1 if most is None else most - least
    if not once.to_nothing:
        least, more = min(least, 1), min(more, 1)
    elif least + more > _MOST_OF_NOTHING:
        return _TOO_MANY
    some = _NOTHING
    for _ in range(more):
        after = once.then(some)
        some = _capped(after.to_text, after.to_nothing + 1)
    for _ in range(least):
        some = once.then(some)
    return some


def _capped(to_text: int, to_nothing: int) -> _Ways:
    return _Ways(min(to_text, _MOST + 1), min(to_nothing, _MOST + 1))
