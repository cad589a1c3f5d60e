"""What is a grammar, what is none, and how much work each is."""

import re

import llama_cpp.llama_cpp as lib
import pytest

from llama_worker.llama.gbnf import MOST_ELEMENTS, TOKEN, Item, parse_gbnf
from svc_kit.errors import InvalidInput

FIELD = "sampling.grammar"
# As much as the contract allows.
MOST = 20_000


def test_a_grammar_is_taken_apart():
    grammar = """
    # Comments say nothing.
    root ::= "a" (item |
        [^x-z]{2,} ) .?  # nor here
    item::="b"* | "\\"" item <5>
    """

    rules = parse_gbnf(grammar, FIELD)

    assert rules["root"] == [[Item(None), Item("(1"), Item(None, 0, 1)]]
    assert rules["(1"] == [[Item("item")], [Item(None, 2, None)]]
    assert rules["item"] == [[Item(None, 0, None)], [Item(None), Item("item"), Item(None)]]


def test_of_two_rules_with_one_name_the_later_counts():
    assert parse_gbnf('root ::= "a" "b"\nroot ::= "c"', FIELD)["root"] == [[Item(None)]]


@pytest.mark.parametrize(
    ("grammar", "why"),
    [
        ("", "rule `root`"),
        ('start ::= "a"', "rule `root`"),
        ("root ::= start", "does not define"),
        ('root ::= "a" )', "at character 13"),
        ('root ::= ("a"', "at character 14"),
        ('root ::= "a', "no GBNF grammar"),
        ("root ::= [a", "no GBNF grammar"),
        ('root ::= "\\q"', "no GBNF grammar"),
        ('root ::= "a\0"', "no GBNF grammar"),
        ("root ::= *", "no GBNF grammar"),
        ('root ::= ""+', "no GBNF grammar"),
        ("root ::= [^]+", "no GBNF grammar"),
        ('root ::= "a" | * "b"', "no GBNF grammar"),
        ('root ::= "a"{}', "no GBNF grammar"),
        ('root ::= "a"{,2}', "no GBNF grammar"),
        ('root ::= "a"{3,2}', "no GBNF grammar"),
        ('root ::= "a" start ::= "b"', "no GBNF grammar"),
        ('root = "a"', "no GBNF grammar"),
        ('"a"', "no GBNF grammar"),
    ],
)
def test_what_is_no_grammar_is_refused(grammar: str, why: str):
    with pytest.raises(InvalidInput, match=why) as refused:
        parse_gbnf(grammar, FIELD)

    assert refused.value.violations[0][0] == FIELD


@pytest.mark.parametrize(
    ("grammar", "why"),
    [
        ('root ::= "a"{2001}', "2,000 times"),
        ('root ::= "a"{0,99999999999999999999}', "2,000 times"),
        ('root ::= "' + "a" * 9_900 + '"{2000}', "50,000 elements"),
        ("root ::= " + "[ab]{0,2000} " * 26, "50,000 elements"),
        ("root ::= " + "(" * 1_000 + '"a"' + ")" * 1_000, "1,000 groups"),
        ("root ::= " + "(" * (MOST - 9), "1,000 groups"),
        ('root ::= "a"' + "?" * (MOST - 12), "16 times over"),
    ],
)
def test_what_would_grow_too_far_is_refused(grammar: str, why: str):
    assert len(grammar) <= MOST
    with pytest.raises(InvalidInput, match=why):
        parse_gbnf(grammar, FIELD)


@pytest.mark.parametrize("end", ["", "{", '"', "[", "<", "(", "x", "::=", "\\"])
@pytest.mark.parametrize(
    "part", [" ", "\t", "\n", '"', '\\"', "\\", "[", "]", "<", "!", "(", ")", "{", "{1", "x ", "#", "|", "-", ":", "0"]
)
def test_the_largest_texts_are_answered(part: str, end: str):
    grammar = 'root ::= "a"' + end + part * ((MOST - 15) // len(part))

    try:
        rules = parse_gbnf(grammar, FIELD)
    except InvalidInput:
        return
    assert sum(len(sequence) for choice in rules.values() for sequence in choice) <= MOST_ELEMENTS


def test_no_text_is_looked_at_twice_to_find_a_token():
    """Only quantifiers that give back what they took could take more time than the text is long."""
    parsed = repr(re._parser.parse(TOKEN.pattern, TOKEN.flags))  # type: ignore[attr-defined]

    assert "POSSESSIVE_REPEAT" in parsed
    assert "MAX_REPEAT" not in parsed
    assert "MIN_REPEAT" not in parsed


@pytest.mark.parametrize(
    "grammar",
    [
        'root ::= "a" | "b"{2,3} [^"\\]]+ | .',
        'root ::=\n "a" |\n ( "b"\n item )*\nitem ::= "\\x41\\u00e4\\U0001F600"\n\n',
        "root ::=",
        'root ::= "a"{ 2 , 3 } "b"{2,}\r\n',
        "root ::= " + "[ab]{2000} " * 12,
    ],
)
def test_llama_cpp_takes_what_passes(grammar: str):
    parse_gbnf(grammar, FIELD)

    sampler = lib.llama_sampler_init_grammar(None, grammar.encode(), b"root")

    assert sampler
    lib.llama_sampler_free(sampler)
