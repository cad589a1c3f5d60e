"""What follows from the arrival of messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from inference_svc.arrivals.arrival import Arrival
from inference_svc.arrivals.auto_drafts import AutoDrafts
from inference_svc.arrivals.labelling import Labelling


class Arrivals:
    """Takes note of arrivals. All that has to last is in the database when `note` returns; the same again does nothing."""

    def __init__(self, auto_drafts: AutoDrafts, labelling: Labelling, read_ahead: Callable[[UUID, UUID], None]) -> None:
        self._auto_drafts = auto_drafts
        self._labelling = labelling
        self._read_ahead = read_ahead

    async def note(self, account_id: UUID, arrivals: Sequence[Arrival]) -> None:
        """Take note of messages, oldest first. Raises Unavailable; what was noted by then is noted."""
        for arrival in arrivals:
            await self._auto_drafts.cancel_before(account_id, arrival)
            if arrival.is_own:
                await self._labelling.note(account_id, arrival)
            # A draft reads the conversation itself.
            elif not (arrival.auto_draft and await self._auto_drafts.make(account_id, arrival)):
                self._read_ahead(account_id, arrival.conversation_id)
