"""Which schemas become grammars, and how much work the others may be."""

import json
from typing import Any

import pytest

from llama_worker.llama.gbnf import parse_gbnf
from llama_worker.llama.json_schema import MOST_CHARACTERS, BoundedConverter, gbnf_of_schema
from svc_kit.errors import InvalidInput

FIELD = "sampling.json_schema"
MOST = 20_000


def grammar_of(schema: object) -> str:
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    assert len(text) <= MOST
    return gbnf_of_schema(text, FIELD)


def doubling_references(names: int) -> dict[str, Any]:
    """A schema in which each definition refers to the next one twice, under names that no rule can have."""
    parts: dict[str, Any] = {
        chr(0x4E00 + n): {"anyOf": [{"$ref": f"#/$defs/{chr(0x4E01 + n)}"}] * 2} for n in range(names)
    }
    parts[chr(0x4E00 + names)] = {"type": "null"}
    return {"$defs": parts, "$ref": f"#/$defs/{chr(0x4E00)}"}


@pytest.mark.parametrize(
    ("schema", "parts"),
    [
        ({"type": "array", "items": {"type": "null"}}, ["(null null-more{0,})?"]),
        ({"type": "array", "items": {"type": "null"}, "minItems": 2, "maxItems": 3}, ["null null-more{1,2}"]),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 0}, ['"[" space  "]" space']),
        ({"type": "string", "minLength": 2, "maxLength": 500}, ["char{2,500}"]),
        ({"properties": {"a": {"type": "null"}}, "required": ["a"]}, ['root ::= "{" space a-kv "}" space']),
        (
            {"properties": {"a": {"type": "null"}, "b": {"type": "null"}}, "required": ["b"]},
            ['b-kv ("," space (a-kv ))?', 'b-kv ::= "\\"b\\"" space ":" space null'],
        ),
        ({"properties": {}, "additionalProperties": {"type": "null"}}, ['additional-kv ("," space additional-kv)*']),
        # A reference may lead back to where it stands.
        (
            {"$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"},
            ["root ::= ref-0", 'space ":" space ref-0-next'],
        ),
    ],
)
def test_a_schema_becomes_a_grammar(schema: dict[str, Any], parts: list[str]):
    grammar = grammar_of(schema)

    parse_gbnf(grammar, FIELD)
    for part in parts:
        assert part in grammar


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "string", "pattern": "^[ab]{300000}$"}, "patterns that repeat"),
        ({"type": "string", "pattern": "^a{99999999}$"}, "patterns that repeat"),
        ({"type": "string", "pattern": "^a{" + "9" * 10_000 + "}$"}, "patterns that repeat"),
        ({"type": "string", "pattern": "^" + "[ab]{0,500}" * 5 + "$"}, "patterns that repeat"),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 501}, "maxItems 501"),
        ({"properties": {f"{n}": {} for n in range(1600)}}, "120,000 characters"),
        ({"properties": {"x" * 9000: {"properties": {f"{n}": {} for n in range(900)}}}}, "120,000 characters"),
        (
            {"$defs": {"a": {"properties": {f"{n}": {} for n in range(800)}}}, "allOf": [{"$ref": "#/$defs/a"}] * 500},
            "120,000 characters",
        ),
        ({"type": "array", "items": {"type": "null"}, "minItems": 3, "maxItems": 2}, "cannot be made a grammar"),
        ({"$ref": "#/$defs/none"}, "cannot be made a grammar"),
        ({"$ref": "https://example.com/schema"}, "cannot be made a grammar"),
    ],
)
def test_what_would_be_too_much_is_refused(schema: dict[str, Any], why: str):
    with pytest.raises(InvalidInput, match=why) as refused:
        grammar_of(schema)

    assert refused.value.violations[0][0] == FIELD


@pytest.mark.parametrize(
    "schema",
    [
        doubling_references(60),
        {"properties": {chr(0x4E00 + n): {"const": n} for n in range(900)}},
        {"properties": {f"{n}": {"type": "null"} for n in range(700)}},
        {"enum": [f"v{n}" for n in range(2000)]},
        {"type": "object", "properties": {f"p{n}": {"type": "string", "maxLength": 500} for n in range(30)}},
    ],
    ids=["references", "names that no rule can have", "optional", "enum", "lengths"],
)
def test_work_grows_with_the_schema_alone(schema: dict[str, Any]):
    converter = BoundedConverter(schema, FIELD)

    converter.visit(schema, "")

    assert converter.spent <= MOST_CHARACTERS
    # The rules for any value are the converter's own.
    assert len(converter.grammar()) <= converter.spent + 1_000
