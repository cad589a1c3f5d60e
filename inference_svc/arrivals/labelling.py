"""Feedback without clicks: what the owner sent says what they thought of the draft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import structlog

from inference_svc.arrivals.arrival import Arrival
from inference_svc.arrivals.likeness import likeness, plain
from inference_svc.drafting.domain.draft import Draft, Label, OwnerAction, Status
from inference_svc.drafting.domain.ports import DraftStore

# What an edit may be long when it is made by hand. A draft is far shorter, so nothing like one is longer.
_LONGEST_EDIT = 20_000


class Labelling:
    """Labels drafts by what the owner wrote after them; `feedback_waits` is told when there is something to learn."""

    def __init__(self, store: DraftStore, feedback_waits: Callable[[], None]) -> None:
        self._store = store
        self._feedback_waits = feedback_waits
        self._log = structlog.get_logger()

    async def note(self, account_id: UUID, arrival: Arrival) -> None:
        """Label the draft that became the owner's message, if one did, and close all before it; again, it changes nothing."""
        place = (arrival.conversation_id, arrival.message_id)
        labelled = await self._store.answered(account_id, *place, lambda drafts: label_of(arrival.own_text, drafts))
        if labelled is not None:
            self._log.info("draft labelled", response_id=str(labelled.draft_id), status=labelled.status.value)
            self._feedback_waits()


def label_of(own_text: str, drafts: Sequence[Draft]) -> Label | None:
    """Which of the drafts became what the owner wrote, and how; None when there is nothing to learn.

    Among the drafts are those that the owner acted on by hand: what became of one of these has been learned already.
    """
    own = plain(own_text)
    if not own or len(own_text) > _LONGEST_EDIT:
        return None
    near = [(likeness(own, plain(draft.edited_response or draft.response)), draft) for draft in drafts]
    # Of several that are as near, one that was acted on counts.
    nearest, draft = max(near, key=lambda each: (each[0], each[1].acted_at is not None), default=(0.0, None))
    if not nearest or draft is None or draft.acted_at is not None:
        return None
    if plain(draft.response) == own:
        return Label(draft, OwnerAction(Status.ACCEPTED))
    return Label(draft, OwnerAction(Status.EDITED, edited_response=own_text))
