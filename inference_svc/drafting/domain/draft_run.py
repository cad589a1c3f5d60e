"""Drafts while the model writes them: what was said so far, and what is kept of it."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from inference_svc.drafting.domain.draft import Draft, Ending, Finish, Status
from inference_svc.drafting.domain.draft_plan import DraftPlan
from inference_svc.drafting.domain.events import Done, DraftEvent, Finished, ModelEvent, Piece, Progress, Started
from inference_svc.drafting.domain.ports import CachedReply, DraftStore
from prompting.reply_text import reply_of
from svc_kit.errors import DeadlineExceeded, FailedPrecondition, Unavailable


class DraftRun:
    """The suggestions of one request from their first token to their end in the store.

    `completed` is told of each that is stored as the answer to a conversation that has not moved on.
    """

    def __init__(
        self,
        plan: DraftPlan,
        drafts: Sequence[Draft],
        store: DraftStore,
        *,
        is_outdated: Callable[[], Awaitable[bool]],
        completed: Callable[[Draft], None],
    ) -> None:
        self._plan = plan
        self._account = plan.order.account_id
        self._drafts = drafts
        self._store = store
        self._is_outdated = is_outdated
        self._completed = completed
        self._texts: list[list[str]] = [[] for _ in drafts]
        self._replies: dict[int, CachedReply] = {}
        self._ended: dict[int, Status] = {}
        self._progress: Progress | None = None

    @property
    def drafts(self) -> Sequence[Draft]:
        """The drafts as they are before their first token, one for each suggestion."""
        return self._drafts

    def started(self) -> Started:
        """The first event of their reader."""
        return Started(tuple(draft.draft_id for draft in self._drafts), self._drafts[0].message_id, cached=False)

    async def take(self, event: ModelEvent) -> DraftEvent | None:
        """What the reader is told of an event of the model's, if anything; each suggestion is stored before its Done."""
        if isinstance(event, Piece):
            return self._taken(event)
        if isinstance(event, Finished):
            return await self._finish(event)
        if event == self._progress:
            return None
        self._progress = event
        return event

    def check_complete(self) -> None:
        """Raise Unavailable when the model has left a suggestion unfinished."""
        if len(self._ended) < len(self._drafts):
            raise Unavailable("the model ended before the draft was complete; try again")

    def _taken(self, piece: Piece) -> Piece | None:
        """The piece as it is shown: a reply begins with its first word, as it will be stored."""
        said = self._texts[piece.suggestion]
        text = piece.text if said else piece.text.lstrip()
        if not text:
            return None
        said.append(text)
        return replace(piece, text=text)

    def worth_caching(self) -> list[CachedReply] | None:
        """All suggestions when each one is complete, else None."""
        if any(self._ended.get(index) is not Status.COMPLETED for index in range(len(self._drafts))):
            return None
        return [self._replies[index] for index in range(len(self._drafts))]

    async def hung_up(self) -> None:
        """Nobody reads on: what is unfinished is cancelled, or late if the deadline was why."""
        late = time.monotonic() >= self._plan.order.deadline
        await self._abandon(*((Status.FAILED, Finish.DEADLINE) if late else (Status.CANCELLED, Finish.CANCELLED)))

    async def failed(self, error: BaseException) -> None:
        """It broke off: what is unfinished is failed."""
        late = isinstance(error, DeadlineExceeded)
        await self._abandon(Status.FAILED, Finish.DEADLINE if late else Finish.NONE)

    async def _abandon(self, status: Status, finish: Finish) -> None:
        # What was written is the owner's to see, also when it was stopped.
        stops = self._plan.prompt.stops
        texts = {
            draft.draft_id: reply_of("".join(said), stops)
            for draft, said in zip(self._drafts, self._texts, strict=True)
        }
        await self._store.abandon(self._account, texts, status, finish)

    async def _finish(self, event: Finished) -> Done:
        if event.finish is Finish.DEADLINE:
            raise DeadlineExceeded("the draft took longer than the request allows")
        if event.finish not in (Finish.STOP, Finish.LENGTH):
            raise Unavailable("the model stopped before the draft was complete; try again")
        ending = await self._ending(event)
        draft = self._drafts[event.suggestion]
        if not await self._store.end(self._account, draft.draft_id, ending):
            raise DeadlineExceeded("the draft took longer than the request allows")
        self._ended[event.suggestion] = ending.status
        if ending.status is Status.COMPLETED:
            self._completed(draft)
        self._replies[event.suggestion] = CachedReply(
            ending.response, ending.confidence, ending.finish, event.prompt_tokens, event.completion_tokens
        )
        last = len(self._ended) == len(self._drafts)
        if last and set(self._ended.values()) == {Status.FAILED}:
            raise FailedPrecondition(
                "EMPTY_DRAFT", "the model wrote nothing; try again, or say what the draft should be like"
            )
        return Done(
            draft_id=draft.draft_id,
            suggestion=event.suggestion,
            response=ending.response,
            confidence=ending.confidence,
            model_version=draft.model_version,
            finish=ending.finish,
            last=last,
            prompt_tokens=event.prompt_tokens,
            completion_tokens=event.completion_tokens,
            first_token_seconds=event.first_token_seconds,
        )

    async def _ending(self, event: Finished) -> Ending:
        reply = reply_of("".join(self._texts[event.suggestion]), self._plan.prompt.stops)
        if not reply:
            return Ending(Status.FAILED, event.finish)
        confidence = min(1.0, math.exp(event.mean_logprob))
        if await self._is_outdated():
            return Ending(Status.SUPERSEDED, Finish.SUPERSEDED, reply, confidence)
        return Ending(Status.COMPLETED, event.finish, reply, confidence)
