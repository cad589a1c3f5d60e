"""JSON schemas made GBNF grammars, by the converter of llama-cpp-python with bounds on what it does.

That converter (llama_cpp/llama_grammar.py, after llama.cpp's examples/json_schema_to_grammar.py) writes repetitions out, resolves
references again and again, and looks for free names one by one. Here all of that takes time in proportion to the schema.
"""

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from llama_cpp.llama_grammar import INVALID_RULE_CHARS_RE, PRIMITIVE_RULES, SchemaConverter

from svc_kit.errors import InvalidInput

# Of a grammar. A schema of 20,000 characters with usual names makes about three times its size.
MOST_CHARACTERS: Final = 120_000
_COUNTS: Final = ("maxItems", "minItems", "maxLength", "minLength")
_MOST_COUNTED: Final = 500
# The converter writes the repetitions of patterns out.
_MOST_IN_PATTERNS: Final = 2000
_QUANTIFIER: Final = re.compile(r"\{([^{}]*+)\}")
_NUMBER: Final = re.compile(r"[0-9]++")
_LONGEST_NUMBER: Final = 9
# Characters of a rule's name. The converter makes a name of all names on the way to a part, which may be long.
_LONGEST_NAME: Final = 40
# What a rule's line has beside its name and content.
_RULE_MARGIN: Final = 12
# What the converter asks for before it asks whether a schema is an array or a string.
_OTHER_KINDS: Final = frozenset({"$ref", "oneOf", "anyOf", "const", "enum", "pattern", "format", "prefixItems"})


def gbnf_of_schema(schema: str, field: str) -> str:
    """The grammar of the JSON texts that a schema allows, at most `MOST_CHARACTERS` long. Raises InvalidInput, naming the field."""
    try:
        parsed = json.loads(schema)
        if not isinstance(parsed, dict):
            raise InvalidInput(field, "must be a JSON object")
        _check_counts(parsed, field)
        converter = BoundedConverter(parsed, field)
        converter.visit(parsed, "")
    except json.JSONDecodeError as error:
        raise InvalidInput(field, f"is no JSON: {error.msg} in line {error.lineno}") from None
    except InvalidInput:
        raise
    except Exception as error:  # The converter raises whatever a schema makes it stumble over.
        raise InvalidInput(field, f"has a part that cannot be made a grammar ({type(error).__name__})") from None
    return converter.grammar()


class _References(dict[str, Any]):
    """The parts of a schema by reference (`#/$defs/name`), looked up at their first use. Raises KeyError for others."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        super().__init__()
        self._schema = schema

    def __missing__(self, reference: str) -> Any:
        start, *names = reference.split("/")
        target: Any = self._schema
        for name in names:
            if start != "#" or not isinstance(target, dict):
                raise KeyError(reference)
            target = target[name]
        self[reference] = target
        return target


# llama-cpp-python has no types.
_Converter: Any = SchemaConverter


class BoundedConverter(_Converter):  # type: ignore[misc]
    """A SchemaConverter that ends with InvalidInput rather than do more than `MOST_CHARACTERS` characters of work."""

    def __init__(self, schema: Mapping[str, Any], field: str) -> None:
        super().__init__(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
        self._refs = _References(schema)
        self.spent = 0
        self._field = field
        # The rule that a name and a content got; the next number to try for a name that is taken; the rules of references.
        self._keys: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}
        self._references: dict[str, str] = {}
        self._repeats = 0

    def grammar(self) -> str:
        """All rules that were made, in GBNF."""
        return str(self.format_grammar())

    def visit(self, schema: dict[str, Any], name: str) -> str:
        """The name of the rule for a schema. Leaves all but arrays and strings with a length to the converter."""
        self._spend(len(name) + 1)
        name = name[-_LONGEST_NAME:]
        self._spend_on_all_of(schema.get("allOf", ()))
        if _OTHER_KINDS.isdisjoint(schema):
            rule_name = name or "root"
            if schema.get("type") == "array" and isinstance(schema.get("items"), dict) and schema["items"]:
                return self._add_rule(rule_name, self._array(schema, name))
            if schema.get("type") == "string" and ("minLength" in schema or "maxLength" in schema):
                character = self._add_primitive("char", PRIMITIVE_RULES["char"])
                repeated = _repeated(character, *_bounds(schema, "minLength", "maxLength"))
                return self._add_rule(rule_name, rf'"\"" {repeated} "\"" space')
        return str(super().visit(schema, name))

    def _array(self, schema: Mapping[str, Any], name: str) -> str:
        item = self.visit(schema["items"], f"{name}-item" if name else "item")
        more = self._add_rule(f"{item}-more", f'"," space {item}')
        least, most = _bounds(schema, "minItems", "maxItems")
        following = _repeated(more, max(least - 1, 0), None if most is None else max(most - 1, 0))
        items = f"{item} {following}" if least else f"({item} {following})?"
        return f'"[" space {items if most != 0 else ""} "]" space'

    def _add_rule(self, name: str, rule: str) -> str:
        self._spend(len(name) + len(rule) + _RULE_MARGIN)
        name = INVALID_RULE_CHARS_RE.sub("-", name)[-_LONGEST_NAME:]
        key = self._keys.get((name, rule))
        if key is None:
            key = self._keys[name, rule] = name if name not in self._rules else self._free_name(name)
            self._rules[key] = rule
        return key

    def _free_name(self, name: str) -> str:
        for number in itertools.count(self._numbers.get(name, 0)):
            self._numbers[name] = number + 1
            if f"{name}{number}" not in self._rules:
                break
        return f"{name}{number}"

    def _resolve_ref(self, ref: str) -> str:
        if ref not in self._references:
            # Known before its parts are looked at, which may refer to it.
            name = self._references[ref] = self._free_name("ref-")
            self._rules[name] = ""
            self._rules[name] = self.visit(self._refs[ref], name)
        return self._references[ref]

    def _visit_pattern(self, pattern: str, name: str) -> str:
        for quantifier in _QUANTIFIER.findall(pattern):
            for number in _NUMBER.findall(quantifier):
                self._repeats += int(number) if len(number) <= _LONGEST_NUMBER else _MOST_IN_PATTERNS + 1
                if self._repeats > _MOST_IN_PATTERNS:
                    raise InvalidInput(
                        self._field, f"has patterns that repeat more than {_MOST_IN_PATTERNS:,} times in all"
                    )
        return str(super()._visit_pattern(pattern, name[-_LONGEST_NAME:]))

    def _build_object_rule(
        self, properties: Sequence[tuple[str, Any]], required: set[str], name: str, additional_properties: Any
    ) -> str:
        prefix = f"{name}-" if name else ""
        pairs = {each: self._pair(prefix, each, schema) for each, schema in properties}
        mandatory = [pairs[each] for each in pairs if each in required]
        optional = [pairs[each] for each in pairs if each not in required]
        also = '"," space '
        rule = f" {also}".join(mandatory)
        endless = self._additional_pairs(prefix, additional_properties)
        # Each optional pair may be the first of those that are there; behind it any of the later ones may follow.
        firsts, rest = ([f"{endless} ({also}{endless})*"], f"({also}{endless})*") if endless else ([], "")
        for pair in reversed(optional):
            firsts.append(f"{pair} {rest}")
            rest = self._add_rule(f"{prefix}rest", f"({also}{pair})? {rest}")
        if firsts:
            choices = " | ".join(reversed(firsts))
            rule += f" ({also}({choices}))?" if mandatory else f"({choices})?"
        return f'"{{" space {rule} "}}" space'

    def _pair(self, prefix: str, name: str, schema: Any) -> str:
        value = self.visit(schema, f"{prefix}{name}")
        return self._add_rule(f"{prefix}{name}-kv", f'{self._format_literal(json.dumps(name))} space ":" space {value}')

    def _additional_pairs(self, prefix: str, schema: Any) -> str:
        if schema is not True and not isinstance(schema, dict):
            return ""
        value = self.visit({} if schema is True else schema, f"{prefix}additional-value")
        key = self._add_primitive("string", PRIMITIVE_RULES["string"])
        return self._add_rule(f"{prefix}additional-kv", f'{key} ":" space {value}')

    def _spend_on_all_of(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """The converter collects the properties of all parts before it makes a rule of them."""
        for part in itertools.chain.from_iterable(part.get("anyOf", (part,)) for part in parts):
            target = self._refs[part["$ref"]] if "$ref" in part else part
            self._spend(len(target.get("properties", ())))

    def _spend(self, characters: int) -> None:
        self.spent += characters
        if self.spent > MOST_CHARACTERS:
            raise InvalidInput(self._field, f"makes a grammar of more than {MOST_CHARACTERS:,} characters")


def _repeated(rule: str, least: int, most: int | None) -> str:
    if most == 0:
        return ""
    return f"{rule}{{{least},{'' if most is None else most}}}"


def _bounds(schema: Mapping[str, Any], least_name: str, most_name: str) -> tuple[int, int | None]:
    least, most = schema.get(least_name, 0), schema.get(most_name)
    if (
        not isinstance(least, int)
        or not isinstance(most, int | None)
        or not 0 <= least <= (least if most is None else most)
    ):
        raise ValueError(f"{least_name} and {most_name} are no bounds")
    return least, most


def _check_counts(schema: object, field: str) -> None:
    """Raise InvalidInput for counts beyond what the converter and llama.cpp can write out."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in _COUNTS and isinstance(value, int | float) and value > _MOST_COUNTED:
                raise InvalidInput(field, f"has {name} {value}; the most is {_MOST_COUNTED}")
            _check_counts(value, field)
    elif isinstance(schema, list):
        for value in schema:
            _check_counts(value, field)
