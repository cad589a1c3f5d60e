"""Holds our decoder against the oracle, blob by blob."""

from agent.chatdb.typedstream import decode, decode_text
from tests.fuzz_typedstream.oracle import runs_agree, unarchived
from tests.fuzz_typedstream.strictness import why_damaged, why_more, why_no_text

_LONGEST = 500


class Disagreement(AssertionError):
    """Ours is not what it must be."""


def check(blob: bytes) -> str:
    """Return in a few words what came out of both, or raise Disagreement."""
    ours = decode(blob)
    if decode_text(blob) != (ours.text if ours else None):
        raise Disagreement("decode_text() gives another text than decode()")
    theirs = unarchived(blob)
    if theirs is None:
        if ours is None:
            return "no text for both"
        if ours.is_damaged:
            return "a damaged text for us, none for the oracle"
        return f"more for us: {_explained(why_more(blob, ours), 'we read what the oracle does not')}"
    if ours is None:
        return f"no text for us: {_explained(why_no_text(blob, theirs), f'the oracle has {theirs.text!r}')}"
    if ours.text != theirs.text:
        raise Disagreement(f"{ours.text!r} is not {theirs.text!r}")
    if ours.is_damaged:
        return f"text equal, damaged for us: {_explained(why_damaged(theirs), f'the oracle reads {theirs.groups!r}')}"
    if not runs_agree(ours, theirs):
        raise Disagreement(f"{ours.runs!r} are not those of the oracle"[-_LONGEST:])
    return "text and runs equal"


def _explained(reason: str | None, otherwise: str) -> str:
    if reason is None:
        raise Disagreement(otherwise[:_LONGEST])
    return reason
