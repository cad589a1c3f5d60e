"""What the table of samples holds of prompts, read as their trainer will read it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import asyncpg

from tests.conftest import DatabaseAddress

StoredPrompt = tuple[UUID, list[dict[str, Any]], dict[str, Any], str]


async def stored_prompts(database: DatabaseAddress, account_id: UUID) -> list[StoredPrompt]:
    """The draft's id, turns, hints and template of each sample of an account."""
    owner = await asyncpg.connect(
        host=database.host, port=database.port, user=database.user, password=database.password, database=database.name
    )
    try:
        rows = await owner.fetch(
            "SELECT response_id, turns, hints, template_id FROM training.samples WHERE account_id = $1", account_id
        )
    finally:
        await owner.close()
    return [(row[0], json.loads(row[1]), json.loads(row[2]), row[3]) for row in rows]
