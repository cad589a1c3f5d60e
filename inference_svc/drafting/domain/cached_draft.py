"""A draft that was made before, told again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from inference_svc.drafting.domain.draft import Draft, Status
from inference_svc.drafting.domain.events import Done, DraftEvent, Piece, Started
from inference_svc.drafting.domain.ports import CachedReply

_WORDS = re.compile(r"\s*\S+\s*$|\s*\S+")


def completed(draft: Draft, reply: CachedReply) -> Draft:
    """The new draft with the words of the old one."""
    return replace(
        draft,
        status=Status.COMPLETED,
        response=reply.response,
        confidence=reply.confidence,
        finish=reply.finish,
        generated_at=datetime.now(UTC),
    )


def replay_cached(drafts: Sequence[Draft], replies: Sequence[CachedReply]) -> Iterator[DraftEvent]:
    """The events of a draft, word by word, so that a client needs no second way to show it."""
    yield Started(tuple(draft.draft_id for draft in drafts), drafts[0].message_id, cached=True)
    for draft, reply in zip(drafts, replies, strict=True):
        for word in _WORDS.findall(reply.response):
            yield Piece(draft.suggestion, word)
        yield Done(
            draft_id=draft.draft_id,
            suggestion=draft.suggestion,
            response=reply.response,
            confidence=reply.confidence,
            model_version=draft.model_version,
            finish=reply.finish,
            last=draft is drafts[-1],
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            first_token_seconds=0.0,
        )
