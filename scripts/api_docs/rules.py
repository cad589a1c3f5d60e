"""Says a field's rules in a few words."""

from typing import Any

from buf.validate import validate_pb2

WORDS = {
    "min_len": "length ≥ {}",
    "max_len": "length ≤ {}",
    "min_items": "≥ {} items",
    "max_items": "≤ {} items",
    "gte": "≥ {}",
    "gt": "> {}",
    "lte": "≤ {}",
    "pattern": "`{}`",
}
# Said after the lower limits, wherever the schema has them.
UPPER_LIMITS = {"lte", "max_items", "max_len"}


def rules_in_words(rules: validate_pb2.FieldRules) -> str:
    """Return the rules as a list with commas, empty when there are none."""
    words = ["required"] if rules.required else []
    kind = rules.WhichOneof("type")
    if kind:
        words += _words_of(getattr(rules, kind))
    if rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE and words:
        words.append("or left out")
    return ", ".join(words)


def _words_of(rules: Any) -> list[str]:
    words = []
    for rule, value in sorted(rules.ListFields(), key=lambda pair: pair[0].name in UPPER_LIMITS):
        if rule.name == "items":
            words.append(f"each: {rules_in_words(value)}")
        elif rule.name == "uuid":
            words.append("UUID")
        elif rule.name == "defined_only":
            words.append("a known value")
        elif rule.name == "not_in":
            words.append("not unspecified" if list(value) == [0] else f"not {', '.join(map(str, value))}")
        else:
            words.append(WORDS[rule.name].format(_plain(value)))
    return words


def _plain(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
