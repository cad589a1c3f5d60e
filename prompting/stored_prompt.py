"""Turns and hints as JSON: what drafts and samples keep, and a trainer reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from prompting.conversation import StyleHints, Turn


def turns_to_json(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """The turns as objects with `message_id`, `text`, `mine` and `sender`, in their order."""
    return [asdict(turn) | {"message_id": str(turn.message_id)} for turn in turns]


def turns_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Turn, ...]:
    """The turns of `turns_to_json`. Raises KeyError or ValueError for anything else."""
    return tuple(Turn(UUID(turn["message_id"]), turn["text"], turn["mine"], turn["sender"]) for turn in stored)


def hints_to_json(hints: StyleHints) -> dict[str, Any]:
    """The hints as an object with `is_group`, `relation`, `tone` and `instruction`."""
    return asdict(hints)


def hints_from_json(stored: Mapping[str, Any]) -> StyleHints:
    """The hints of `hints_to_json`. Raises TypeError for anything else."""
    return StyleHints(**stored)
