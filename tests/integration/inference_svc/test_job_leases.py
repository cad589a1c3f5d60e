"""Jobs on a real PostgreSQL: who has one, and what becomes of those whose process died."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete, func, select, update

from inference_svc.drafting.domain.draft import Draft, Status
from inference_svc.drafting.domain.draft_request import DraftRequest, Sampling, deadline_in
from inference_svc.drafting.domain.ports import IdempotencyKey
from inference_svc.drafting.storage.draft_store import PostgresDraftStore
from inference_svc.jobs.domain.board import JobBoard
from inference_svc.jobs.domain.job import LIFETIME_S, MAX_ATTEMPTS, Job, JobState, Lease
from inference_svc.jobs.redis_queue import NoJobQueue
from inference_svc.jobs.storage.leases import PostgresJobLeases
from inference_svc.jobs.storage.store import PostgresJobStore
from inference_svc.jobs.upkeep import JobUpkeep
from inference_svc.storage.tables import generation_jobs
from svc_kit.database import Database
from svc_kit.errors import InvalidInput, NotFound, Overloaded
from svc_kit.ids import new_id

MANY = 1000


@pytest.fixture
async def store(pool: Database) -> PostgresJobStore:
    async with pool.system_transaction() as connection:
        await connection.execute(delete(generation_jobs))
    return PostgresJobStore(pool)


@pytest.fixture
def leases(pool: Database) -> PostgresJobLeases:
    return PostgresJobLeases(pool, "host/127.0.0.1:50053")


def order_of(account_id: UUID | None = None) -> DraftRequest:
    return DraftRequest(account_id or new_id(), deadline_in(None), message_id=new_id())


def new_draft() -> Draft:
    return Draft(new_id(), new_id(), new_id(), "Them: Hi\nMe:", "model@1", datetime.now(UTC))


async def kept(store: PostgresJobStore, account_id: UUID | None = None) -> Job:
    job = await store.add(order_of(account_id), None, limit=MANY)
    assert job is not None
    return job


async def taken(leases: PostgresJobLeases, seconds: float = 60) -> Lease:
    (lease,) = await leases.claim(None, 1, seconds)
    return lease


async def test_what_was_asked_comes_back_with_the_lease(store, leases):
    asked = DraftRequest(
        account_id=new_id(),
        deadline=deadline_in(None),
        conversation_id=new_id(),
        max_history=3,
        suggestions=2,
        instruction="shorter",
        sampling=Sampling(seed=0, temperature=0.5),
        skip_cache=True,
        model_id="phi-2",
    )
    job = await store.add(asked, None, limit=MANY)

    lease = await taken(leases)

    assert job is not None
    assert lease.order.digest == asked.digest
    assert (lease.key, lease.order.request_id, lease.attempts) == (job.key, job.key.job_id, 1)


async def test_of_many_who_ask_at_once_each_job_goes_to_one(store, leases):
    jobs = [await kept(store) for _ in range(20)]

    shares: Sequence[Sequence[Lease]] = await asyncio.gather(*[leases.claim(None, 7, 60) for _ in range(6)])

    got = [lease.key for share in shares for lease in share]
    assert len(got) == len(set(got))
    assert all(len(share) <= 7 for share in shares)
    assert set(got) | {lease.key for lease in await leases.claim(None, 20, 60)} == {job.key for job in jobs}


async def test_the_oldest_goes_first_unless_others_are_asked_for(store, leases):
    first, second, third = [await kept(store) for _ in range(3)]

    assert [lease.key for lease in await leases.claim([third.key], 2, 60)] == [third.key]
    assert [lease.key for lease in await leases.claim(None, 2, 60)] == [first.key, second.key]
    assert await leases.claim([first.key], 1, 60) == []


async def test_one_job_does_not_wait_for_the_five_hundred_of_another_account(store, leases):
    many, one, another = new_id(), new_id(), new_id()
    for _ in range(500):
        await kept(store, many)
    assert len(await leases.claim(None, 3, 60)) == 3

    for account_id in (one, another, one):
        await kept(store, account_id)

    assert [lease.key.account_id for lease in await leases.claim(None, 7, 60)] == [
        one, another, many, one, many, many, many
    ]  # fmt: skip


async def test_accounts_take_turns_however_much_each_queues(store, leases):
    accounts = [new_id() for _ in range(3)]
    for account_id in accounts:
        for _ in range(3):
            await kept(store, account_id)

    order = [lease.key.account_id for lease in await leases.claim(None, 9, 60)]

    assert order == accounts * 3


async def test_who_queues_one_after_the_other_does_not_keep_others_away(store, leases):
    steady, many = new_id(), new_id()
    for _ in range(4):
        await kept(store, many)
    served = []
    for _ in range(6):
        await kept(store, steady)
        served.append((await taken(leases)).key.account_id)

    assert served.count(many) == 3


async def test_nobody_pays_later_for_turns_when_nobody_else_waited(store, leases):
    alone, late = new_id(), new_id()
    for _ in range(10):
        await kept(store, alone)
        await taken(leases)

    for account_id in (late, late, late, alone):
        await kept(store, account_id)

    order = [lease.key.account_id for lease in await leases.claim(None, 4, 60)]
    assert order == [late, late, alone, late]


async def test_what_was_cancelled_before_its_turn_took_none(store, leases):
    fickle, many = new_id(), new_id()
    for job in [await kept(store, fickle) for _ in range(50)]:
        await store.cancel(job.key)
    for _ in range(3):
        await kept(store, many)
    await kept(store, fickle)

    assert fickle in [lease.key.account_id for lease in await leases.claim(None, 2, 60)]


async def test_a_job_that_is_put_back_keeps_its_turn(store, leases):
    many = new_id()
    first = await kept(store, many)
    lease = await taken(leases)
    for _ in range(5):
        await kept(store, many)
    await taken(leases)

    await leases.postpone(lease, 0, counts=True)

    assert (await taken(leases)).key == first.key


async def test_a_job_that_was_put_off_is_not_due(store, leases):
    await kept(store)
    postponed = await leases.postpone(await taken(leases), 60, counts=True)

    assert postponed is not None
    assert await leases.claim(None, 1, 60) == []


@pytest.mark.parametrize(("counts", "attempts"), [(True, 1), (False, 0)])
async def test_an_attempt_counts_or_is_taken_back(store, leases, counts, attempts):
    job = await kept(store)
    lease = await taken(leases)
    await leases.begun(lease, new_id())

    await leases.postpone(lease, 0, counts=counts)

    again = await store.get(job.key)
    assert (again.state, again.attempts, again.draft_id) == (JobState.QUEUED, attempts, None)


async def test_how_long_a_job_waited_is_counted_once_however_often_it_is_put_back(store, leases):
    await kept(store)
    before = REGISTRY.get_sample_value("assistant_inference_job_wait_seconds_count") or 0

    for _ in range(3):
        await leases.postpone(await taken(leases), 0, counts=False)

    assert REGISTRY.get_sample_value("assistant_inference_job_wait_seconds_count") == before + 1


async def test_a_job_ends_once(store, leases):
    job = await kept(store)
    lease = await taken(leases)
    draft_id = new_id()

    ends = await asyncio.gather(leases.complete(lease, draft_id), leases.fail(lease, "broke"), store.cancel(job.key))

    written = [ends[0], ends[1], ends[2][1]]
    assert sum(written) == 1
    ended = await store.get(job.key)
    assert ended.state is (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)[written.index(True)]
    assert await store.cancel(job.key) == (ended, False)


async def test_a_lost_lease_writes_nothing(store, leases):
    job = await kept(store)
    lost = await taken(leases, seconds=-1)
    await leases.expire()
    held = await taken(leases)

    assert not await leases.begun(lost, new_id())
    assert not await leases.complete(lost, new_id())
    assert not await leases.fail(lost, "broke")
    assert await leases.postpone(lost, 0, counts=False) is None
    assert await leases.renew([lost, held], 60) == {held.lease_id}
    assert ((await store.get(job.key)).state, held.attempts) == (JobState.RUNNING, 2)


async def test_a_renewed_lease_does_not_run_out(store, leases):
    await kept(store)
    lease = await taken(leases, seconds=-1)

    assert await leases.renew([lease], 60) == {lease.lease_id}
    assert await leases.expire() == []


async def test_a_job_whose_process_dies_each_time_is_failed_and_says_so(store, leases):
    job = await kept(store)
    for _ in range(MAX_ATTEMPTS - 1):
        await taken(leases, seconds=-1)
        assert [each.state for each in await leases.expire()] == [JobState.QUEUED]

    await taken(leases, seconds=-1)
    (failed,) = await leases.expire()

    assert failed == await store.get(job.key)
    assert (failed.state, failed.attempts) == (JobState.FAILED, MAX_ATTEMPTS)
    assert "3 attempts" in failed.error


async def test_what_such_a_job_left_half_made_is_failed_with_it(pool, store, leases):
    drafts = PostgresDraftStore(pool, "host/died")
    upkeep = JobUpkeep(leases, NoJobQueue(), JobBoard(), interval=3600)
    job = await kept(store)
    account_id = job.key.account_id
    for _ in range(MAX_ATTEMPTS - 1):
        await taken(leases, seconds=-1)
        await upkeep.look()
    lease = await taken(leases, seconds=-1)
    half, another = new_draft(), new_draft()
    await drafts.add(account_id, [half], seconds=60, repeated=IdempotencyKey(job.key.job_id, lease.order.digest))
    await drafts.add(account_id, [another], seconds=60, repeated=None)

    await upkeep.look()

    found = await drafts.get(account_id, [half.draft_id, another.draft_id])
    assert [draft.status for draft in found] == [Status.FAILED, Status.GENERATING]
    assert (await store.get(job.key)).state is JobState.FAILED


async def test_a_job_that_nobody_could_begin_ends_after_a_day(pool, store, leases):
    old, new = await kept(store), await kept(store)
    await _age(pool, old, created_at=LIFETIME_S + 1)

    (failed,) = await leases.expire()

    assert (failed.key, failed.state, failed.error) == (old.key, JobState.FAILED, "it could not be made within a day")
    assert [job.key for job in await leases.waiting(10)] == [new.key]


async def test_a_process_that_hangs_in_a_transaction_holds_up_no_other_job(pool, store, leases):
    stuck, other = await kept(store), await kept(store)
    assert len(await leases.claim(None, 2, -1)) == 2

    async with pool.transaction(stuck.key.account_id) as connection:
        await connection.execute(
            select(generation_jobs).where(generation_jobs.c.id == stuck.key.job_id).with_for_update()
        )

        assert [job.key for job in await leases.expire()] == [other.key]


async def test_what_ended_long_ago_is_forgotten(pool, store, leases):
    old, new, waiting = [await kept(store) for _ in range(3)]
    for job in (old, new):
        await store.cancel(job.key)
    await _age(pool, old, ended_at=100)

    assert await leases.forget(50) == 1

    with pytest.raises(NotFound):
        await store.get(old.key)
    assert [(await store.get(job.key)).key for job in (new, waiting)] == [new.key, waiting.key]


async def test_another_account_sees_and_changes_nothing(store):
    job = await kept(store, mine := new_id())
    theirs = type(job.key)(new_id(), job.key.job_id)

    with pytest.raises(NotFound):
        await store.get(theirs)
    with pytest.raises(NotFound):
        await store.cancel(theirs)

    assert await store.get(job.key) == job
    assert mine == job.key.account_id


async def test_a_forgotten_where_returns_only_the_own_jobs(pool, store):
    await kept(store)
    mine = await kept(store)

    async with pool.transaction(mine.key.account_id) as connection:
        ids = (await connection.execute(select(generation_jobs.c.id))).scalars().all()

    assert ids == [mine.key.job_id]


async def test_a_full_queue_takes_no_more_of_that_account(store):
    account_id = new_id()
    outcomes = await asyncio.gather(
        *[store.add(order_of(account_id), None, limit=3) for _ in range(8)], return_exceptions=True
    )

    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 3
    assert sum(isinstance(outcome, Overloaded) for outcome in outcomes) == 5
    assert await store.add(order_of(), None, limit=3) is not None


async def test_a_request_id_is_for_one_job_of_one_account(store):
    order = order_of()
    repeated = IdempotencyKey(new_id(), order.digest)
    job = await store.add(order, repeated, limit=MANY)

    assert await store.add(order, repeated, limit=MANY) is None
    assert await store.add(order_of(), repeated, limit=MANY) is not None
    assert await store.find_by_request(order.account_id, repeated) == job
    with pytest.raises(InvalidInput, match="request_id"):
        await store.find_by_request(order.account_id, IdempotencyKey(repeated.request_id, "other"))


async def test_a_place_is_how_many_are_taken_before(store, leases):
    account_id = new_id()
    busy = [await kept(store, account_id) for _ in range(3)]
    other = await kept(store)

    places = {job.key: await store.waiting_before(job) for job in [*busy, other]}
    order = [lease.key for lease in await leases.claim(None, 4, 60)]

    assert [places[key] for key in order] == [0, 1, 2, 3]
    assert [key.account_id == account_id for key in order] == [True, False, True, True]


async def _age(pool: Database, job: Job, **seconds: float) -> None:
    past = {column: func.now() - timedelta(seconds=ago) for column, ago in seconds.items()}
    async with pool.system_transaction() as connection:
        await connection.execute(update(generation_jobs).where(generation_jobs.c.id == job.key.job_id).values(**past))
