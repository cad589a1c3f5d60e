"""PostgreSQL goes away and comes back."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from assistant.sync.v1 import sync_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from stack.embedded.postgres import STOP_SIGNAL, PostgresInstance
from stack.embedded.running import child_process, wait_until
from stack.ports import free_port
from svc_kit.migrations.runner import migrate
from tests.conftest import DatabaseAddress, role_password
from tests.deadline import eventually_answers
from tests.sync_service import SyncService, incoming, request, running_sync_service, synced

STATE = sync_pb2.GetSyncStateRequest()


@pytest.fixture
def instance(open_directory: Path, tmp_path: Path) -> PostgresInstance:
    """A server of this test's own."""
    made = PostgresInstance(open_directory / tmp_path.name / "postgres", free_port(), "owner-password", durable=False)
    made.data_dir.parent.mkdir(mode=0o755)
    made.prepare()
    return made


@contextmanager
def _started(instance: PostgresInstance) -> Iterator[None]:
    log = instance.data_dir.parent / "log"
    instance.prepare()
    with child_process(instance.command(), log, STOP_SIGNAL) as child:
        wait_until(instance.is_ready, child, log)
        yield


async def _health(service: SyncService) -> int:
    answer = await health_pb2_grpc.HealthStub(service.channel).Check(health_pb2.HealthCheckRequest())
    return int(answer.status)


async def test_without_its_database_it_says_unavailable_lives_and_recovers(instance: PostgresInstance):
    address = DatabaseAddress(instance.host, instance.port, instance.user, instance.owner_password, "away")
    with _started(instance):
        await migrate(address.settings, {"sync": role_password("sync")})
    serving = health_pb2.HealthCheckResponse
    async with running_sync_service(address) as service:
        me = service.caller()
        with _started(instance):
            await eventually_answers(lambda: _is(service, serving.SERVING))
            await synced(me, incoming("a"), cursor="1")

        await eventually_answers(lambda: _is(service, serving.NOT_SERVING))
        refused = []
        for call in (me.sync.GetSyncState(STATE), synced(me, incoming("b"), cursor="2")):
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await call
            refused.append(error.value.code())

        with _started(instance):
            await eventually_answers(lambda: _is(service, serving.SERVING))
            state = await me.sync.GetSyncState(STATE)
            answer = await synced(me, incoming("b"), cursor="2")

    assert refused == [grpc.StatusCode.UNAVAILABLE] * 2
    assert (state.cursor, state.message_count) == ("1", 1)
    assert answer.inserted == 1


async def test_a_stream_that_loses_the_database_keeps_what_was_acknowledged(instance: PostgresInstance):
    address = DatabaseAddress(instance.host, instance.port, instance.user, instance.owner_password, "lost")
    with _started(instance):
        await migrate(address.settings, {"sync": role_password("sync")})
    async with running_sync_service(address) as service:
        me = service.caller()

        async def endless():
            for number in itertools.count():
                yield request(*(incoming(f"{number}-{n}", minutes=n) for n in range(200)), cursor=str(number))

        async def something_is_kept():
            return bool((await me.sync.GetSyncState(STATE)).cursor)

        with _started(instance):
            call = asyncio.ensure_future(me.sync.SyncMessages(endless()))
            await eventually_answers(something_is_kept)
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call

        with _started(instance):
            await eventually_answers(lambda: _is(service, health_pb2.HealthCheckResponse.SERVING))
            state = await me.sync.GetSyncState(STATE)

    assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    assert state.message_count == 200 * (int(state.cursor) + 1)


async def _is(service: SyncService, status: int) -> bool:
    return await _health(service) == status
