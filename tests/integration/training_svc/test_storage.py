"""The schema `training` on a real PostgreSQL."""

from __future__ import annotations

from uuid import UUID, uuid4

import grpc
from alembic import command
from assistant.training.v1 import samples_pb2 as pb
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import create_async_engine

from stack.ports import free_port
from svc_kit.database import Database
from svc_kit.migrations.runner import config_of
from tests.conftest import DatabaseAddress
from tests.grpc_errors import failure_of
from tests.training_service import TrainingService, feedback, run_as_owner, training_service, training_settings
from training_svc.storage.tables import feedback_events, metadata, samples


async def test_the_migrations_make_what_the_tables_say(database: DatabaseAddress):
    engine = create_async_engine(database.settings.url())
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(config_of("training", sync)))
    await engine.dispose()


async def test_another_account_and_the_system_see_no_row(
    service: TrainingService, account: UUID, database: DatabaseAddress
):
    await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED))
    seen_by_service = Database(database.as_service("training").settings)

    for scope in (seen_by_service.transaction(uuid4()), seen_by_service.system_transaction()):
        async with scope as connection:
            for table in metadata.sorted_tables:
                assert await connection.scalar(select(func.count()).select_from(table)) == 0
    async with seen_by_service.transaction(account) as connection:
        for table in (samples, feedback_events):
            assert await connection.scalar(select(func.count()).select_from(table)) == 1
    await seen_by_service.close()


async def test_an_action_is_kept_with_all_that_was_told(
    service: TrainingService, account: UUID, database: DatabaseAddress
):
    event = feedback(account, pb.FEEDBACK_KIND_REJECTED, rejection_reason="too short", model_version="m+a")
    sample_id = await service.record(event)

    kept = await run_as_owner(
        database,
        "SELECT to_jsonb(e) - 'created_at' - 'acted_at' FROM training.feedback_events e WHERE event_id = $1",
        UUID(event.event_id),
    )

    assert kept == (
        f'{{"kind": "rejected", "event_id": "{event.event_id}", "sample_id": "{sample_id}", "account_id": "{account}", '
        f'"confidence": 0.75, "message_ids": [], "prompt_only": true, "response_id": "{event.response_id}", '
        f'"model_version": "m+a", "conversation_id": "{event.conversation_id}", '
        f'"rejection_reason": "too short"}}'
    )


async def test_without_its_database_the_service_lives_and_says_so(database: DatabaseAddress, account: UUID):
    async with training_service(training_settings(database, port=free_port())) as service:
        failure = await failure_of(service.create(account))
        export = service.samples.ExportSamples(pb.ExportSamplesRequest(), metadata=service.acting_for(account))
        early = await failure_of(export.read())

    assert failure.code is early.code is grpc.StatusCode.UNAVAILABLE
