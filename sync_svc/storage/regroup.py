"""Showing chats together that have one merge key, in the transaction that brings the keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from sync_svc.domain.merging import Placement, regrouped
from sync_svc.storage.queries import CHATS_WITH_KEYS
from sync_svc.storage.rows import chat_of

_PLACE = """
UPDATE sync.conversations AS c
SET merged_into = p.merged_into, auto_draft = p.auto_draft, train = p.train, tone = p.tone, relation = p.relation,
    updated_at = now()
FROM unnest($2::uuid[], $3::uuid[], $4::boolean[], $5::boolean[], $6::text[], $7::text[])
    AS p (id, merged_into, auto_draft, train, tone, relation)
WHERE c.account_id = $1 AND c.id = p.id
"""


async def regroup(
    driver: asyncpg.Connection[Any], account_id: UUID, keys: Collection[str], new: Collection[UUID]
) -> list[UUID]:
    """Put the chats with these keys where they belong; `new` are the ids of those that have just come to be.

    The ids of those that were moved.
    """
    chats = [chat_of(row) for row in await driver.fetch(CHATS_WITH_KEYS, account_id, list(keys))]
    if placements := regrouped(chats, new):
        await driver.execute(_PLACE, account_id, *_columns(placements))
    return [one.chat_id for one in placements]


def _columns(placements: Sequence[Placement]) -> tuple[list[Any], ...]:
    rows = [
        (
            one.chat_id,
            one.merged_into,
            one.settings.auto_draft,
            one.settings.train,
            one.settings.tone,
            one.settings.relation,
        )
        for one in placements
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))
