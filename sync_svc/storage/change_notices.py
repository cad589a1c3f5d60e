"""Telling every process what a transaction changed, as soon as it is committed and not before: ids only, by NOTIFY."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg

from sync_svc.domain.changes import EVERYTHING, MOST_NAMED, Changes, DraftReady

CHANNEL = "sync_changes"
_TELL = f"SELECT pg_notify('{CHANNEL}', $1)"


async def tell_changed(driver: asyncpg.Connection[Any], account_id: UUID, conversation_ids: Collection[UUID]) -> None:
    """Tell that these changed. A payload has room for 8,000 bytes: of more than it can name it says that all did."""
    if not conversation_ids:
        return
    if len(conversation_ids) > MOST_NAMED:
        await tell_everything(driver, account_id)
    else:
        await _tell(driver, account_id, changed=[one.hex for one in conversation_ids])


async def tell_everything(driver: asyncpg.Connection[Any], account_id: UUID) -> None:
    """Tell that any conversation may have changed."""
    await _tell(driver, account_id, everything=True)


async def tell_draft(driver: asyncpg.Connection[Any], account_id: UUID, draft: DraftReady) -> None:
    """Tell that a draft is ready."""
    await _tell(driver, account_id, draft=[draft.conversation_id.hex, draft.response_id.hex])


def told(payload: str) -> tuple[UUID, Changes]:
    """What a payload says, and of which account. Raises ValueError, KeyError or TypeError for what is none of ours."""
    notice = json.loads(payload)
    account_id = UUID(notice["account"])
    if "draft" in notice:
        return account_id, Changes(drafts=(DraftReady(*map(UUID, notice["draft"])),))
    if "everything" in notice:
        return account_id, EVERYTHING
    return account_id, Changes(frozenset(map(UUID, notice["changed"])))


async def _tell(driver: asyncpg.Connection[Any], account_id: UUID, **what: Any) -> None:
    await driver.execute(_TELL, json.dumps({"account": account_id.hex, **what}))
