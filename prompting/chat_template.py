"""A model's own chat template, rendered so that its pieces and people's words stay apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from prompting.errors import TemplateUnusable
from prompting.prompt_part import PromptPart


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A Jinja template and the texts of the tokens it may name."""

    source: str
    bos_token: str = ""
    eos_token: str = ""


# What stands in for a text while the template runs. Letters and digits only, so that trimming and quoting leave it whole.
_STAND_IN = re.compile(r"q7xDraftText(\d+)q7x")


def render(template: ChatTemplate, messages: Sequence[tuple[str, str]]) -> tuple[PromptPart, ...]:
    """The (role, text) messages in the template's form, up to where the assistant's next words begin.

    The texts never pass through the template: a stand-in does, and is then replaced by a part that is not special. So
    nobody can write a control token into somebody else's prompt, nor Jinja. A template that takes no system message gets
    it at the head of the first user message. Raises TemplateUnusable when the template cannot be used.
    """
    try:
        return _rendered(template, messages)
    except _Unusable as error:
        if messages and messages[0][0] == "system" and len(messages) > 1:
            (_, system), (role, first), *rest = messages
            return _or_refused(template, [(role, f"{system}\n\n{first}"), *rest])
        raise TemplateUnusable from error


class _Unusable(Exception):
    pass


def _or_refused(template: ChatTemplate, messages: Sequence[tuple[str, str]]) -> tuple[PromptPart, ...]:
    try:
        return _rendered(template, messages)
    except _Unusable as error:
        raise TemplateUnusable from error


def _rendered(template: ChatTemplate, messages: Sequence[tuple[str, str]]) -> tuple[PromptPart, ...]:
    stand_ins = [{"role": role, "content": f"q7xDraftText{index}q7x"} for index, (role, _) in enumerate(messages)]
    try:
        text = _compiled(template.source).render(
            messages=stand_ins,
            add_generation_prompt=True,
            bos_token=template.bos_token,
            eos_token=template.eos_token,
        )
    except Exception as error:  # The template is somebody else's program: whatever it raises, it cannot be used.
        raise _Unusable from error
    pieces = _STAND_IN.split(text)
    if [int(index) for index in pieces[1::2]] != list(range(len(messages))):
        raise _Unusable
    parts = [PromptPart(pieces[0], special=True)]
    for (_, content), piece in zip(messages, pieces[2::2], strict=True):
        parts += [PromptPart(content), PromptPart(piece, special=True)]
    return tuple(part for part in parts if part.text)


@lru_cache(maxsize=8)
def _compiled(source: str) -> jinja2.Template:
    # Models' templates are written for these two options. No clock is offered: a date in the prompt would change its
    # beginning every day.
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, autoescape=False, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = _raise
    return environment.from_string(source)


def _raise(message: str = "") -> NoReturn:
    raise jinja2.TemplateError(message)
