"""Samples in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, null, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from prompting.conversation import PromptSource
from prompting.stored_prompt import hints_from_json, hints_to_json, turns_from_json, turns_to_json
from training_svc.domain.samples import Sample, SampleChange, SampleSource
from training_svc.storage.tables import samples

# A sample's own fields that are columns as they are.
_PLAIN = (
    "sample_id",
    "input_context",
    "expected_output",
    "quality",
    "created_at",
    "response_id",
    "conversation_id",
    "rejected_output",
    "negative",
)
_STORED = (*_PLAIN, "source", "turns", "hints", "template_id", "message_ids")
_COLUMNS = [samples.c[name] for name in _STORED]
# Where a page begins: the time and the id of the sample before it.
SortKey = tuple[datetime, UUID]
_KEY = tuple_(samples.c.created_at, samples.c.sample_id)


class SampleTable:
    """The samples of one account; needs a transaction of it."""

    def __init__(self, connection: AsyncConnection, account_id: UUID) -> None:
        self._connection = connection
        self._account_id = account_id

    async def add(self, sample: Sample) -> None:
        """Add a sample."""
        await self._connection.execute(insert(samples).values(self._values(sample)))

    async def add_requested(self, sample: Sample, request_id: UUID) -> Sample:
        """Add a sample and return it; return the earlier one when the request has made one."""
        add = insert(samples).values(self._values(sample) | {"request_id": request_id})
        add = add.on_conflict_do_nothing(index_elements=["account_id", "request_id"])
        made = (await self._connection.execute(add.returning(*_COLUMNS))).one_or_none()
        if made is not None:
            return _sample(made)
        known = select(*_COLUMNS).where(self._mine(), samples.c.request_id == request_id)
        return _sample((await self._connection.execute(known)).one())

    async def newest(self, after: SortKey | None, size: int, source: SampleSource | None) -> Sequence[Sample]:
        """Return up to `size` samples after a key, newest first; of one source, or of all."""
        query = select(*_COLUMNS).where(self._mine())
        if source is not None:
            query = query.where(samples.c.source == source)
        if after is not None:
            query = query.where(tuple_(*after) > _KEY)
        query = query.order_by(samples.c.created_at.desc(), samples.c.sample_id.desc()).limit(size)
        return [_sample(row) for row in await self._connection.execute(query)]

    async def oldest(self, after: SortKey | None, size: int, *, include_negatives: bool) -> Sequence[Sample]:
        """Return up to `size` samples after a key, oldest first."""
        query = select(*_COLUMNS).where(self._mine())
        if not include_negatives:
            query = query.where(~samples.c.negative)
        if after is not None:
            query = query.where(tuple_(*after) < _KEY)
        query = query.order_by(samples.c.created_at, samples.c.sample_id).limit(size)
        return [_sample(row) for row in await self._connection.execute(query)]

    async def counts(self) -> Mapping[SampleSource, int]:
        """Return how many samples there are of each source that has any."""
        query = select(samples.c.source, func.count()).where(self._mine()).group_by(samples.c.source)
        return {SampleSource(source): count for source, count in await self._connection.execute(query)}

    async def change(self, sample_id: UUID, change: SampleChange, now: datetime) -> Sample | None:
        """Change a sample and return it; None when there is no such sample."""
        values = {name: value for name, value in asdict(change).items() if value is not None}
        one = update(samples).where(self._mine(), samples.c.sample_id == sample_id)
        changed = await self._connection.execute(one.values(**values, updated_at=now).returning(*_COLUMNS))
        row = changed.one_or_none()
        return _sample(row) if row is not None else None

    async def delete(self, sample_id: UUID) -> bool:
        """Delete a sample; False when there is no such sample."""
        one = delete(samples).where(self._mine(), samples.c.sample_id == sample_id)
        gone = await self._connection.execute(one.returning(samples.c.sample_id))
        return gone.one_or_none() is not None

    def _mine(self) -> ColumnElement[bool]:
        return samples.c.account_id == self._account_id

    def _values(self, sample: Sample) -> dict[str, Any]:
        prompt = sample.prompt
        return {name: getattr(sample, name) for name in _PLAIN} | {
            "account_id": self._account_id,
            "updated_at": sample.created_at,
            "source": sample.source.value,
            "turns": turns_to_json(prompt.turns) if prompt else null(),
            "hints": hints_to_json(prompt.hints) if prompt else null(),
            "template_id": prompt.template_id if prompt else "",
            "message_ids": list(sample.message_ids),
            "prompt_only": sample.prompt_only,
        }


def _sample(row: Row[Any]) -> Sample:
    stored = row._mapping
    prompt = None
    if stored["turns"] is not None:
        prompt = PromptSource(turns_from_json(stored["turns"]), hints_from_json(stored["hints"]), stored["template_id"])
    return Sample(
        **{name: stored[name] for name in _PLAIN},
        source=SampleSource(stored["source"]),
        prompt=prompt,
        message_ids=tuple(stored["message_ids"]),
    )
