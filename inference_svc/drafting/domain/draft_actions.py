"""What the owner does with a draft."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from inference_svc.drafting.domain.draft import Draft, OwnerAction, Status
from inference_svc.drafting.domain.ports import DraftStore, ReplyCache


class DraftActions:
    """Accepts, edits and rejects drafts; `deliver_feedback` brings to training what there is to learn."""

    def __init__(self, store: DraftStore, cache: ReplyCache, deliver_feedback: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._cache = cache
        self._deliver_feedback = deliver_feedback

    async def act(self, account_id: UUID, draft_id: UUID, action: OwnerAction) -> Draft:
        """The draft after the action; the same action again changes nothing and gives the same."""
        action.check()
        draft, changed = await self._store.act(account_id, draft_id, action)
        if changed:
            if action.becomes is Status.REJECTED and draft.cache_key:
                # Whoever asks again after a rejection wants other words.
                await self._cache.forget(draft.cache_key)
            await self._deliver_feedback()
        return draft
