"""Which grammars are refused because llama.cpp would follow them for ever, and which are not."""

import json

import pytest

from llama_worker.llama.gbnf import parse_gbnf
from llama_worker.llama.grammar_branching import check_grammar_branching
from llama_worker.llama.json_schema import gbnf_of_schema
from svc_kit.errors import InvalidInput


def check(grammar: str) -> None:
    check_grammar_branching(parse_gbnf(grammar, "sampling.grammar"), "sampling.grammar")


def doubling(rules: int) -> str:
    """A grammar of one text, to which each rule doubles the ways."""
    return "\n".join([*(f"r{n} ::= r{n + 1} | r{n + 1}" for n in range(rules)), f'r{rules} ::= "a"'])


@pytest.mark.parametrize(
    ("grammar", "why"),
    [
        ("root ::= r0\n" + doubling(60), "4,096 ways"),
        # It reads a character first.
        ('root ::= "a" r0\n' + doubling(60), "4,096 ways"),
        ("root ::= " + '(("a"?)?)' * 20 + '"b"', "4,096 ways"),
        ("root ::= ([a-z]?){1000}", "4,096 ways"),
        ("root ::= ([a-z]?){0,17}", "4,096 ways"),
        ("root ::= " + "[a-z]? " * 17, "4,096 ways"),
        ("root ::= ([a-z]?){8} " + "[a-z]? " * 9, "4,096 ways"),
        # What is nothing stands before nothing.
        ("root ::= r0\n" + doubling(60).replace("::= ", '::= "" '), "4,096 ways"),
        ('root ::= root | "a"', "left recursion"),
        ('root ::= first "x"\nfirst ::= "b"? root', "left recursion"),
        ("root ::= r0\n" + "\n".join([*(f"r{n} ::= r{n + 1}" for n in range(1999)), 'r1999 ::= "a"']), "2,000 rules"),
    ],
)
def test_what_has_too_many_ways_is_refused(grammar: str, why: str):
    with pytest.raises(InvalidInput, match=why):
        check(grammar)


@pytest.mark.parametrize(
    "grammar",
    [
        "root ::=",
        'root ::= "(((" [(|{9999}] "\\"(" # ((( | (',
        'root ::= item ("," item)*\nitem ::= [a-z]+ | "[" root? "]"',
        "root ::= " + " | ".join(f'"{number}"' for number in range(2000)),
        "root ::= [a-z]{0,1000} [0-9]{1000}",
        'ws ::= [ \\t]*\nroot ::= ws? "a" ws? ws? "b" ws',
        "root ::= r0\n" + "\n".join([*(f"r{n} ::= r{n + 1}" for n in range(1500)), 'r1500 ::= "a"']),
        "root ::= r0\n" + doubling(11),
        "root ::= ([a-z]?){8} " + "[a-z]? " * 8,
    ],
)
def test_what_has_few_is_not(grammar: str):
    check(grammar)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {f"p{n}": {"type": "string", "maxLength": 500} for n in range(30)}},
        {"enum": [f"v{number}" for number in range(1000)]},
        {"type": "array", "items": {"type": "number"}, "minItems": 100, "maxItems": 500},
        {"type": "string", "pattern": "^([a-z]{1,20} ?){1,30}$"},
        {"anyOf": [{"type": "integer", "minimum": -500, "maximum": 123_456}, {"type": "null"}]},
    ],
)
def test_schemas_are_not_refused(schema: dict[str, object]):
    check(gbnf_of_schema(json.dumps(schema), "sampling.json_schema"))
