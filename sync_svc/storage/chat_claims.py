"""What a device says of a chat that another device has named or given a merge key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from sync_svc.domain.incoming import IncomingConversation
from sync_svc.domain.merging import prevailing_key
from sync_svc.storage.sync_states import STILL_SYNCS

# An empty name says something only where the device says it that gave the name.
MAY_CLEAR_NAME = f"""(
    k.named_by IS NULL OR k.named_by = {{device}}
    OR NOT EXISTS (SELECT FROM sync.sync_states AS s WHERE s.account_id = $1 AND s.device_id = k.named_by AND {STILL_SYNCS})
)"""

_SHARED = """
SELECT merge_key, count(*) AS chats FROM sync.conversations
WHERE account_id = $1 AND merge_key <> '' AND merge_key = ANY ($2::text[])
GROUP BY merge_key
"""

_SYNCING = f"""
SELECT s.device_id FROM sync.sync_states AS s WHERE s.account_id = $1 AND s.device_id = ANY ($2::uuid[]) AND {STILL_SYNCS}
"""  # noqa: S608 - made of constants


async def resolve_merge_keys(
    driver: asyncpg.Connection[Any],
    account_id: UUID,
    described: Mapping[str, IncomingConversation],
    known_keys: Mapping[str, str],
    rivals: Mapping[str, UUID],
) -> dict[str, IncomingConversation]:
    """The descriptions with the merge keys that count; `rivals` are the other devices that gave chats the keys they have."""
    disputed = {
        guid: one
        for guid, one in described.items()
        if guid in rivals and one.is_complete and one.merge_key != known_keys[guid]
    }
    if not disputed:
        return dict(described)
    keys = {key for guid, one in disputed.items() for key in (known_keys[guid], one.merge_key)}
    shared = {row["merge_key"]: row["chats"] for row in await driver.fetch(_SHARED, account_id, list(keys))}
    owners = list({rivals[guid] for guid in disputed})
    syncing = {row["device_id"] for row in await driver.fetch(_SYNCING, account_id, owners)}
    said = Counter(one.merge_key for one in described.values() if one.is_complete)
    decided = {
        guid: prevailing_key(
            known_keys[guid],
            one.merge_key,
            joins_known=shared.get(known_keys[guid], 0) > 1,
            joins_said=shared.get(one.merge_key, 0) > 0 or said[one.merge_key] > 1,
        )
        for guid, one in disputed.items()
        if rivals[guid] in syncing
    }
    return {guid: replace(one, merge_key=decided[guid]) if guid in decided else one for guid, one in described.items()}
