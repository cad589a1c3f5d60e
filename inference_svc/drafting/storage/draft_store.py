"""domain.DraftStore on PostgreSQL: each call a short transaction, none open while the model writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from inference_svc.drafting.domain.draft import ContextErased, Draft, Ending, Finish, Label, OwnerAction, Status, act_on
from inference_svc.drafting.domain.ports import IdempotencyKey
from inference_svc.drafting.storage.draft_rows import DraftRows
from inference_svc.drafting.storage.feedback_rows import add_feedback
from inference_svc.drafting.storage.tombstones import any_erased
from inference_svc.metrics import DRAFTS_ENDED
from svc_kit.database import Database
from svc_kit.errors import InvalidInput, NotFound


class PostgresDraftStore:
    """Keeps drafts. `maker` names this process and no other that lives."""

    def __init__(self, database: Database, maker: str) -> None:
        self._database = database
        self._maker = maker

    async def add(
        self, account_id: UUID, drafts: Sequence[Draft], *, seconds: float, repeated: IdempotencyKey | None
    ) -> bool:
        """Keep all of the drafts, or none and False when their request id is taken."""
        try:
            async with self._database.transaction(account_id) as connection:
                added = await DraftRows(connection, account_id).add(drafts, self._maker, seconds, repeated)
                if added < len(drafts):
                    raise _Taken
        except _Taken:
            return False
        for draft in drafts:
            if draft.status is not Status.GENERATING:
                DRAFTS_ENDED.labels("cached").inc()
        return True

    async def end(self, account_id: UUID, draft_id: UUID, ending: Ending) -> bool:
        """Say what became of a draft."""
        async with self._database.transaction(account_id) as connection:
            rows = DraftRows(connection, account_id)
            written = await rows.end(draft_id, ending)
            if not written and await rows.is_erased(draft_id):
                raise ContextErased
        if written:
            DRAFTS_ENDED.labels(ending.status.value).inc()
        return written

    async def abandon(self, account_id: UUID, texts: Mapping[UUID, str], status: Status, finish: Finish) -> None:
        """End what is still being made."""
        async with self._database.transaction(account_id) as connection:
            ended = await DraftRows(connection, account_id).abandon(texts, status, finish)
        DRAFTS_ENDED.labels(status.value).inc(ended)

    async def are_erased(self, account_id: UUID, ids: Sequence[UUID]) -> bool:
        """Whether one of these messages or conversations was deleted."""
        async with self._database.transaction(account_id) as connection:
            return await any_erased(connection, account_id, ids)

    async def find_by_request(self, account_id: UUID, repeated: IdempotencyKey) -> Sequence[Draft]:
        """The drafts of an earlier request with this id."""
        async with self._database.transaction(account_id) as connection:
            found = await DraftRows(connection, account_id).of_request(repeated.request_id)
        if any(digest != repeated.digest for _, digest in found):
            raise InvalidInput("request_id", "was used for another request")
        return [draft for draft, _ in found]

    async def act(self, account_id: UUID, draft_id: UUID, action: OwnerAction) -> tuple[Draft, bool]:
        """Do what the owner wants, together with its feedback event."""
        async with self._database.transaction(account_id) as connection:
            rows = DraftRows(connection, account_id)
            draft = (await rows.get([draft_id], lock=True)).get(draft_id)
            if draft is None:
                raise _no_such_draft()
            changed = await _act(connection, account_id, draft, action)
            return changed or draft, changed is not None

    async def answered(
        self,
        account_id: UUID,
        conversation_id: UUID,
        message_id: UUID,
        label: Callable[[Sequence[Draft]], Label | None],
    ) -> Draft | None:
        """Close what the owner's message came after, and do to one of these what it says of it."""
        async with self._database.transaction(account_id) as connection:
            if await any_erased(connection, account_id, [conversation_id, message_id]):
                return None
            rows = DraftRows(connection, account_id)
            drafts = await rows.lock_open(conversation_id, message_id)
            if not drafts:
                return None
            await rows.close(conversation_id, message_id)
            chosen = label(drafts)
            if chosen is None:
                return None
            return await _act(connection, account_id, replace(chosen.draft, reply_message_id=message_id), chosen.action)

    async def get(self, account_id: UUID, draft_ids: Sequence[UUID]) -> Sequence[Draft]:
        """These drafts."""
        async with self._database.transaction(account_id) as connection:
            found = await DraftRows(connection, account_id).get(draft_ids)
        if len(found) < len(draft_ids):
            raise _no_such_draft()
        return [found[draft_id] for draft_id in draft_ids]

    async def page(
        self, account_id: UUID, conversation_id: UUID, size: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Draft]:
        """A conversation's drafts, newest first."""
        async with self._database.transaction(account_id) as connection:
            return await DraftRows(connection, account_id).page(conversation_id, size, after)


async def _act(connection: AsyncConnection, account_id: UUID, draft: Draft, action: OwnerAction) -> Draft | None:
    """Write an action on a locked draft and its event; None when it was done before."""
    changed = act_on(draft, action, datetime.now(UTC))
    if changed is not None:
        await DraftRows(connection, account_id).act(changed)
        await add_feedback(connection, account_id, draft.draft_id)
    return changed


class _Taken(Exception):
    """Rolls the transaction back."""


def _no_such_draft() -> NotFound:
    return NotFound("there is no such draft")
