"""Drafts on a real PostgreSQL: isolation, idempotence, and drafts whose maker died."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from inference_svc.drafting.domain.draft import ContextErased, Draft, Ending, Finish, OwnerAction, Status
from inference_svc.drafting.domain.ports import IdempotencyKey
from inference_svc.drafting.storage.draft_store import PostgresDraftStore
from inference_svc.drafting.sweeper import Sweeper
from inference_svc.storage.tables import erased, feedback_events, responses
from svc_kit.database import Database
from svc_kit.errors import InvalidInput, NotFound
from svc_kit.ids import new_id

DONE = Ending(Status.COMPLETED, Finish.STOP, "Yes", 0.5)


def new_draft(conversation_id: UUID | None = None, suggestion: int = 0) -> Draft:
    return Draft(
        new_id(),
        new_id(),
        conversation_id or new_id(),
        "Them: Hi\nMe:",
        "model@1",
        datetime.now(UTC),
        suggestion=suggestion,
    )


@pytest.fixture
def store(pool: Database) -> PostgresDraftStore:
    return PostgresDraftStore(pool, "host/127.0.0.1:50053")


async def kept(store: PostgresDraftStore, account_id: UUID, *, seconds: float = 60) -> Draft:
    draft = new_draft()
    assert await store.add(account_id, [draft], seconds=seconds, repeated=None)
    return draft


async def test_a_draft_comes_back_as_it_was_kept(store):
    account_id = new_id()
    draft = replace(new_draft(), instruction="shorter", cached=True, cache_key="ab" * 32)

    await store.add(account_id, [draft], seconds=60, repeated=None)

    assert await store.get(account_id, [draft.draft_id]) == [draft]


async def test_another_account_sees_and_changes_nothing(store):
    draft = await kept(store, mine := new_id())
    theirs = new_id()

    with pytest.raises(ContextErased):
        await store.end(theirs, draft.draft_id, DONE)
    await store.abandon(theirs, {draft.draft_id: ""}, Status.FAILED, Finish.NONE)
    with pytest.raises(NotFound):
        await store.get(theirs, [draft.draft_id])
    with pytest.raises(NotFound):
        await store.act(theirs, draft.draft_id, OwnerAction(Status.ACCEPTED))

    assert await store.get(mine, [draft.draft_id]) == [draft]


async def test_a_forgotten_where_returns_only_the_own_rows(pool, store):
    await kept(store, new_id())
    mine = await kept(store, account_id := new_id())

    async with pool.transaction(account_id) as connection:
        rows = (await connection.execute(select(responses.c.id))).scalars().all()

    assert rows == [mine.draft_id]


async def test_a_row_for_another_account_cannot_be_written(pool, store):
    draft = await kept(store, new_id())
    with pytest.raises(DBAPIError, match="row-level security"):
        async with pool.transaction(new_id()) as connection:
            await connection.execute(
                insert(feedback_events).values(account_id=new_id(), id=new_id(), response_id=draft.draft_id)
            )


async def test_without_an_account_nothing_is_seen(pool, store):
    await kept(store, new_id())

    async with pool.transaction(new_id()) as connection:
        await connection.execute(text("SELECT set_config('app.account_id', '', true)"))
        rows = (await connection.execute(select(responses.c.id))).all()

    assert rows == []


async def test_an_ended_draft_stays_as_it_ended(store):
    draft = await kept(store, account_id := new_id())

    assert await store.end(account_id, draft.draft_id, DONE)
    assert not await store.end(account_id, draft.draft_id, Ending(Status.FAILED, Finish.NONE))
    await store.abandon(account_id, {draft.draft_id: "Half a"}, Status.CANCELLED, Finish.CANCELLED)

    (found,) = await store.get(account_id, [draft.draft_id])
    assert (found.status, found.response, found.confidence) == (Status.COMPLETED, "Yes", 0.5)
    assert found.generated_at is not None


async def test_what_was_written_of_a_stopped_draft_is_kept(store):
    draft = await kept(store, account_id := new_id())

    await store.abandon(account_id, {draft.draft_id: "Half a"}, Status.CANCELLED, Finish.CANCELLED)

    (found,) = await store.get(account_id, [draft.draft_id])
    assert (found.status, found.response) == (Status.CANCELLED, "Half a")


async def test_a_request_id_is_taken_once_whole(store):
    account_id, repeated = new_id(), IdempotencyKey(new_id(), "digest")
    first = [new_draft(suggestion=0), new_draft(suggestion=1)]
    second = [new_draft(suggestion=0), new_draft(suggestion=1), new_draft(suggestion=2)]

    taken = await asyncio.gather(
        store.add(account_id, first, seconds=60, repeated=repeated),
        store.add(account_id, second, seconds=60, repeated=repeated),
    )

    assert sorted(taken) == [False, True]
    found = await store.find_by_request(account_id, repeated)
    assert [draft.draft_id for draft in found] == [draft.draft_id for draft in (first if taken[0] else second)]


async def test_accounts_do_not_share_request_ids(store):
    repeated = IdempotencyKey(new_id(), "digest")

    assert await store.add(new_id(), [new_draft()], seconds=60, repeated=repeated)
    assert await store.add(new_id(), [new_draft()], seconds=60, repeated=repeated)


async def test_a_failed_request_frees_its_id(store):
    account_id, repeated = new_id(), IdempotencyKey(new_id(), "digest")
    draft = new_draft()
    await store.add(account_id, [draft], seconds=60, repeated=repeated)

    await store.abandon(account_id, {draft.draft_id: "Half a"}, Status.FAILED, Finish.NONE)

    assert await store.find_by_request(account_id, repeated) == []
    assert await store.add(account_id, [new_draft()], seconds=60, repeated=repeated)


async def test_a_request_id_is_for_one_question(store):
    account_id, request_id = new_id(), new_id()
    await store.add(account_id, [new_draft()], seconds=60, repeated=IdempotencyKey(request_id, "one"))

    with pytest.raises(InvalidInput, match="request_id"):
        await store.find_by_request(account_id, IdempotencyKey(request_id, "other"))


async def test_drafts_of_the_same_moment_page_without_gaps(store):
    account_id, conversation_id = new_id(), new_id()
    now = datetime.now(UTC)
    made = [replace(new_draft(conversation_id, suggestion=number % 4), created_at=now) for number in range(7)]
    await store.add(account_id, made, seconds=60, repeated=None)

    seen: list[Draft] = []
    after = None
    while page := await store.page(account_id, conversation_id, 3, after):
        seen += page
        after = (page[-1].created_at, page[-1].draft_id)

    assert [draft.draft_id for draft in seen] == [draft.draft_id for draft in made[::-1]]


async def test_an_overdue_draft_is_failed(pool, store):
    overdue = await kept(store, account_id := new_id(), seconds=-1)
    running = await kept(store, account_id)

    await Sweeper(pool, "another").sweep()

    found = await store.get(account_id, [overdue.draft_id, running.draft_id])
    assert [draft.status for draft in found] == [Status.FAILED, Status.GENERATING]


async def test_a_restarted_process_fails_what_it_was_making_and_nothing_else(pool):
    account_id = new_id()
    died, lives = PostgresDraftStore(pool, "host/died"), PostgresDraftStore(pool, "host/lives")
    left, others = await kept(died, account_id), await kept(lives, account_id)

    sweeper = Sweeper(pool, "host/died")
    after = replace(new_draft(), created_at=datetime.now(UTC) + timedelta(seconds=1))
    await died.add(account_id, [after], seconds=60, repeated=None)
    await sweeper.sweep()

    found = await died.get(account_id, [left.draft_id, others.draft_id, after.draft_id])
    assert [draft.status for draft in found] == [Status.FAILED, Status.GENERATING, Status.GENERATING]


async def test_an_action_and_its_event_are_written_together(pool, store):
    draft = await kept(store, account_id := new_id())
    await store.end(account_id, draft.draft_id, DONE)

    _, changed = await store.act(account_id, draft.draft_id, OwnerAction(Status.ACCEPTED))
    _, again = await store.act(account_id, draft.draft_id, OwnerAction(Status.ACCEPTED))

    async with pool.transaction(account_id) as connection:
        events = (await connection.execute(select(feedback_events.c.response_id))).scalars().all()
    assert (changed, again) == (True, False)
    assert events == [draft.draft_id]


async def test_old_tombstones_are_swept(pool):
    account_id, old, young = new_id(), new_id(), new_id()
    async with pool.transaction(account_id) as connection:
        for each, age in ((old, timedelta(hours=25)), (young, timedelta(hours=23))):
            await connection.execute(
                insert(erased).values(account_id=account_id, id=each, erased_at=datetime.now(UTC) - age)
            )

    await Sweeper(pool, "another").sweep()

    async with pool.transaction(account_id) as connection:
        assert list((await connection.execute(select(erased.c.id))).scalars()) == [young]
