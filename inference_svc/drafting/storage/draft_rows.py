"""Drafts as rows. Works in the transaction it is given and never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Text, case, cast, func, literal, null, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from inference_svc.drafting.domain.draft import ContextErased, Draft, Ending, Finish, Status
from inference_svc.drafting.domain.ports import IdempotencyKey
from inference_svc.drafting.storage.tombstones import UUIDS, is_erased
from inference_svc.storage.tables import responses
from prompting.conversation import PromptSource
from prompting.stored_prompt import hints_from_json, hints_to_json, turns_from_json, turns_to_json

# How long after it a text of the owner's can be what became of a draft.
OPEN_FOR = timedelta(days=1)
# More than anybody makes between two messages of theirs.
_MOST_COMPARED = 100
_COMPARED = [Status.COMPLETED.value, Status.ACCEPTED.value, Status.EDITED.value]

# All that a draft is made of again. Its array is not: asyncpg asks for an array's type on each new connection.
_COLUMNS = [column for column in responses.c if column is not responses.c.message_ids]

# What a draft was made from; array_append makes an array of NULL, too.
_HELD = func.array_append(responses.c.message_ids, responses.c.conversation_id)
_GENERATING = responses.c.status == Status.GENERATING.value


class DraftRows:
    """The drafts of one account."""

    def __init__(self, connection: AsyncConnection, account_id: UUID) -> None:
        self._connection = connection
        self._account_id = account_id
        self._ours = responses.c.account_id == account_id

    async def add(self, drafts: Sequence[Draft], maker: str, seconds: float, repeated: IdempotencyKey | None) -> int:
        """Insert drafts; how many were, which is fewer than all when the request id is taken.

        Raises ContextErased when a message of a prompt, or the conversation, was deleted; the transaction must not commit then.
        """
        common = {
            "account_id": self._account_id,
            "maker": maker,
            "deadline_at": func.now() + timedelta(seconds=seconds),
            "request_id": repeated.request_id if repeated else None,
            "request_digest": repeated.digest if repeated else None,
        }
        statement = (
            insert(responses)
            .values([{**common, **_values(draft)} for draft in drafts])
            .on_conflict_do_nothing(
                index_elements=["account_id", "request_id", "suggestion"],
                index_where=responses.c.request_id.is_not(None),
            )
            # One statement: the first word of a draft waits for it.
            .returning(is_erased(responses.c.account_id, _HELD))
        )
        erased = (await self._connection.execute(statement)).scalars().all()
        if any(erased):
            raise ContextErased
        return len(erased)

    async def end(self, draft_id: UUID, ending: Ending) -> bool:
        """End a draft that is being made; False when it is not."""
        statement = (
            update(responses)
            .where(self._ours, responses.c.id == draft_id, _GENERATING)
            .values(
                status=ending.status.value,
                finish_reason=ending.finish.value,
                response=ending.response,
                confidence=ending.confidence,
                generated_at=func.now(),
                updated_at=func.now(),
            )
        )
        return (await self._connection.execute(statement)).rowcount == 1

    async def is_erased(self, draft_id: UUID) -> bool:
        """Whether a draft that was there has lost its texts, or is gone with its conversation."""
        statement = select(responses.c.erased_at.is_(None)).where(self._ours, responses.c.id == draft_id)
        return not await self._connection.scalar(statement)

    async def abandon(self, texts: Mapping[UUID, str], status: Status, finish: Finish) -> int:
        """End those that are being made with what was written of them, and free the request id of all; how many were being made."""
        these = (self._ours, responses.c.id.in_(texts))
        ended = await self._connection.execute(
            update(responses)
            .where(*these, _GENERATING)
            .values(
                status=status.value,
                finish_reason=finish.value,
                response=case(texts, value=responses.c.id),
                updated_at=func.now(),
            )
        )
        await self._connection.execute(
            update(responses).where(*these, responses.c.request_id.is_not(None)).values(request_id=None)
        )
        return ended.rowcount

    async def of_request(self, request_id: UUID) -> list[tuple[Draft, str]]:
        """The drafts of a request by suggestion, each with the digest of what was asked."""
        statement = select(*_COLUMNS).where(self._ours, responses.c.request_id == request_id)
        rows = (await self._connection.execute(statement.order_by(responses.c.suggestion))).mappings()
        return [(_draft(row), row["request_digest"]) for row in rows]

    async def get(self, draft_ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, Draft]:
        """Those of the drafts that are there; `lock` keeps others from changing them until the transaction ends."""
        statement = select(*_COLUMNS).where(self._ours, responses.c.id.in_(draft_ids))
        if lock:
            statement = statement.with_for_update()
        return {row["id"]: _draft(row) for row in (await self._connection.execute(statement)).mappings()}

    async def act(self, draft: Draft) -> None:
        """Write what the owner did."""
        await self._connection.execute(
            update(responses)
            .where(self._ours, responses.c.id == draft.draft_id)
            .values(
                status=draft.status.value,
                edited_response=draft.edited_response,
                rejection_reason=draft.rejection_reason,
                acted_at=draft.acted_at,
                reply_message_id=draft.reply_message_id,
                updated_at=func.now(),
            )
        )

    async def lock_open(self, conversation_id: UUID, before: UUID) -> list[Draft]:
        """The complete drafts of the last day for messages older than that one, which no text of the owner's came after yet.

        A later message has a greater id. Those that the owner acted on are among them unless rejected.
        """
        statement = (
            select(*_COLUMNS)
            .where(*self._open(conversation_id, before))
            .order_by(responses.c.created_at.desc(), responses.c.suggestion, responses.c.id)
            .limit(_MOST_COMPARED)
            .with_for_update()
        )
        return [_draft(row) for row in (await self._connection.execute(statement)).mappings()]

    async def close(self, conversation_id: UUID, before: UUID) -> None:
        """Let no later text of the owner's say anything of these."""
        statement = update(responses).where(*self._open(conversation_id, before))
        await self._connection.execute(statement.values(closed_at=func.now(), updated_at=func.now()))

    def _open(self, conversation_id: UUID, before: UUID) -> tuple[ColumnElement[bool], ...]:
        return (
            self._ours,
            responses.c.conversation_id == conversation_id,
            responses.c.message_id < before,
            responses.c.created_at > func.now() - OPEN_FOR,
            responses.c.closed_at.is_(None),
            responses.c.status.in_(_COMPARED),
        )

    async def page(self, conversation_id: UUID, size: int, after: tuple[datetime, UUID] | None) -> list[Draft]:
        """A conversation's drafts, newest first."""
        key = tuple_(responses.c.created_at, responses.c.id)
        statement = select(*_COLUMNS).where(self._ours, responses.c.conversation_id == conversation_id)
        if after is not None:
            statement = statement.where(key < after)
        statement = statement.order_by(responses.c.created_at.desc(), responses.c.id.desc()).limit(size)
        return [_draft(row) for row in (await self._connection.execute(statement)).mappings()]


def _values(draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.draft_id,
        "message_id": draft.message_id,
        "conversation_id": draft.conversation_id,
        "prompt": draft.prompt,
        "response": draft.response,
        "confidence": draft.confidence,
        "model_version": draft.model_version,
        "status": draft.status.value,
        "finish_reason": draft.finish.value,
        "suggestion": draft.suggestion,
        "instruction": draft.instruction,
        "cached": draft.cached,
        "cache_key": draft.cache_key,
        "created_at": draft.created_at,
        "generated_at": draft.generated_at,
        "edited_response": draft.edited_response,
        "rejection_reason": draft.rejection_reason,
        "acted_at": draft.acted_at,
        **_source_values(draft.source),
    }


def _source_values(source: PromptSource | None) -> dict[str, Any]:
    if source is None:
        return {"turns": null(), "hints": null(), "template_id": "", "message_ids": null()}
    return {
        "turns": turns_to_json(source.turns),
        "hints": hints_to_json(source.hints),
        "template_id": source.template_id,
        "message_ids": _uuid_array(source.message_ids),
    }


def _uuid_array(ids: Sequence[UUID]) -> ColumnElement[Sequence[UUID]]:
    """The ids as PostgreSQL parses them.

    For a parameter of an array type asyncpg would first ask for the type on each new connection: several round trips before the
    first word of a draft, which are seconds on a machine whose processors the model keeps busy.
    """
    return cast(literal("{" + ",".join(map(str, ids)) + "}", Text), UUIDS)


def _source(row: RowMapping) -> PromptSource | None:
    if row["turns"] is None:
        return None
    return PromptSource(turns_from_json(row["turns"]), hints_from_json(row["hints"]), row["template_id"])


def _draft(row: RowMapping) -> Draft:
    return Draft(
        draft_id=row["id"],
        message_id=row["message_id"],
        conversation_id=row["conversation_id"],
        prompt=row["prompt"],
        model_version=row["model_version"],
        created_at=row["created_at"],
        status=Status(row["status"]),
        response=row["response"],
        confidence=row["confidence"],
        finish=Finish(row["finish_reason"]),
        suggestion=row["suggestion"],
        instruction=row["instruction"],
        cached=row["cached"],
        cache_key=row["cache_key"],
        generated_at=row["generated_at"],
        edited_response=row["edited_response"],
        rejection_reason=row["rejection_reason"],
        acted_at=row["acted_at"],
        source=_source(row),
        reply_message_id=row["reply_message_id"],
        erased_at=row["erased_at"],
    )
