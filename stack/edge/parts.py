"""Reads the parts in envoy/."""

import json
from functools import cache
from typing import Any

import jinja2
import yaml

from stack.checkout import ENVOY_PARTS

Config = dict[str, Any]


@cache
def _templates() -> jinja2.Environment:
    # Every value is written as JSON, which is YAML: no value can break out of its place.
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(ENVOY_PARTS),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: json.dumps(value) if value is not None else value,
        autoescape=False,  # noqa: S701 - YAML, not HTML
    )


def part(name: str, /, **values: object) -> Config:
    """Return one part with its values filled in."""
    document = yaml.safe_load(_templates().get_template(f"{name}.yaml").render(**values))
    assert isinstance(document, dict)
    return document
