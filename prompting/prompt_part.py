"""A piece of a prompt: what tells the model's own words from people's, from the template to the tokenizer."""

from __future__ import annotations

from typing import NamedTuple


class PromptPart(NamedTuple):
    """A piece of a prompt. `special` only for pieces of the template: in them the texts of control tokens count as such."""

    text: str
    special: bool = False
