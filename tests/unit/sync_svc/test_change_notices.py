"""What processes tell each other: ids, within a payload's 8,000 bytes."""

import json
from typing import Any
from uuid import uuid4

import pytest

from sync_svc.domain.changes import EVERYTHING, MOST_NAMED, Changes, DraftReady
from sync_svc.storage.change_notices import tell_changed, tell_draft, told

ME = uuid4()


class Driver:
    """Keeps what would be told."""

    def __init__(self) -> None:
        self.payloads: list[str] = []

    async def execute(self, statement: str, payload: str) -> None:
        self.payloads.append(payload)


@pytest.fixture
def driver() -> Any:
    return Driver()


@pytest.mark.parametrize("count", [1, MOST_NAMED])
async def test_conversations_are_named(driver: Any, count: int):
    ids = [uuid4() for _ in range(count)]

    await tell_changed(driver, ME, ids)

    (payload,) = driver.payloads
    assert len(payload) < 8000
    assert told(payload) == (ME, Changes(frozenset(ids)))


async def test_too_many_are_everything(driver: Any):
    await tell_changed(driver, ME, [uuid4() for _ in range(MOST_NAMED + 1)])

    assert [told(payload) for payload in driver.payloads] == [(ME, EVERYTHING)]


async def test_nothing_is_not_told(driver: Any):
    await tell_changed(driver, ME, [])

    assert driver.payloads == []


async def test_a_draft_is_told(driver: Any):
    draft = DraftReady(uuid4(), uuid4())

    await tell_draft(driver, ME, draft)

    assert told(driver.payloads[0]) == (ME, Changes(drafts=(draft,)))


@pytest.mark.parametrize(
    "payload", ["", "x", "[]", "1", "{}", json.dumps({"account": "x"}), json.dumps({"account": ME.hex, "changed": 1})]
)
def test_what_is_none_of_ours_is_refused(payload: str):
    with pytest.raises((ValueError, KeyError, TypeError)):
        told(payload)
