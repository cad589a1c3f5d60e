"""Drafts whose maker died."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, tuple_, update

from inference_svc.drafting.domain.draft import Finish, Status
from inference_svc.metrics import DRAFTS_ENDED
from inference_svc.storage.tables import responses
from svc_kit.database import Database


async def fail_overdue(database: Database) -> int:
    """Fail drafts that are still being made after their deadline; how many."""
    return await _fail(database, responses.c.deadline_at < func.now(), Finish.DEADLINE)


async def fail_made_by(database: Database, maker: str, before: datetime) -> int:
    """Fail drafts that `maker` began before this time; how many."""
    return await _fail(database, and_(responses.c.maker == maker, responses.c.created_at < before), Finish.NONE)


async def fail_of_requests(database: Database, requests: Sequence[tuple[UUID, UUID]]) -> int:
    """Fail drafts that were being made for these (account id, request id); how many."""
    return await _fail(database, tuple_(responses.c.account_id, responses.c.request_id).in_(requests), Finish.NONE)


async def _fail(database: Database, which: ColumnElement[bool], finish: Finish) -> int:
    async with database.system_transaction() as connection:
        result = await connection.execute(
            update(responses)
            .where(responses.c.status == Status.GENERATING.value, which)
            .values(status=Status.FAILED.value, finish_reason=finish.value, request_id=None, updated_at=func.now())
        )
    DRAFTS_ENDED.labels(Status.FAILED.value).inc(result.rowcount)
    return result.rowcount
