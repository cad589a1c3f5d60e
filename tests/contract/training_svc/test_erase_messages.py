"""SamplesService.EraseMessages: nothing is kept of deleted messages."""

from __future__ import annotations

from uuid import UUID, uuid4

import grpc
from assistant.common.v1 import erasure_pb2
from assistant.training.v1 import samples_pb2 as pb

from svc_kit.ids import new_id
from tests.conftest import DatabaseAddress
from tests.grpc_errors import failure_of
from tests.training_service import TrainingService, feedback, prompt_of, run_as_owner

CANARY = "zanzibar-canary-4712"
_KEPT = """
    SELECT (SELECT count(*) FROM training.samples s WHERE strpos(s::text, $1) > 0)
         + (SELECT count(*) FROM training.feedback_events e WHERE strpos(e::text, $1) > 0)
"""


async def test_a_sample_that_holds_a_deleted_message_is_deleted(
    service: TrainingService, account: UUID, database: DatabaseAddress
):
    prompt = prompt_of(f"{CANARY} one", "Well", f"{CANARY} two", instruction=CANARY)
    rejected = feedback(
        account,
        pb.FEEDBACK_KIND_REJECTED,
        prompt=prompt,
        input_context=CANARY,
        response=CANARY,
        rejection_reason=CANARY,
    )
    await service.record(rejected)
    other = await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt_of("Hello")))

    count = await service.erase(account, message_ids=[prompt.turns[2].message_id])

    assert count == 1
    assert [sample.sample_id for sample in await service.all(account)] == [other]
    assert not await run_as_owner(database, _KEPT, CANARY)


async def test_a_sample_that_learned_from_a_deleted_message_of_the_owners_is_deleted(
    service: TrainingService, account: UUID
):
    reply = str(new_id())
    edited = feedback(
        account, pb.FEEDBACK_KIND_EDITED, edited_response="Mine", prompt=prompt_of("Hi"), reply_message_id=reply
    )
    await service.record(edited)

    assert await service.erase(account, message_ids=[reply]) == 1
    assert await service.all(account) == []


async def test_samples_of_a_deleted_conversation_go_whether_their_messages_are_known_or_not(
    service: TrainingService, account: UUID
):
    deleted = str(new_id())
    await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, conversation_id=deleted))
    await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, conversation_id=deleted, prompt=prompt_of("Hi")))
    kept = await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED))

    assert await service.erase(account, conversation_ids=[deleted]) == 2
    assert [sample.sample_id for sample in await service.all(account)] == [kept]


async def test_a_prompt_only_sample_of_a_conversation_that_lost_a_message_goes(service: TrainingService, account: UUID):
    touched, message = str(new_id()), str(new_id())
    await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, conversation_id=touched))
    kept = await service.record(
        feedback(account, pb.FEEDBACK_KIND_ACCEPTED, conversation_id=touched, prompt=prompt_of("Hi"))
    )

    assert await service.erase(account, message_ids=[message], touched_conversation_ids=[touched]) == 1
    assert [sample.sample_id for sample in await service.all(account)] == [kept]


async def test_a_sample_older_than_the_message_cannot_hold_it_and_stays(service: TrainingService, account: UUID):
    touched = str(new_id())
    older = await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, conversation_id=touched))
    later = UUID(int=new_id().int + (3600_000 << 80))

    assert await service.erase(account, message_ids=[str(later)], touched_conversation_ids=[touched]) == 0
    assert [sample.sample_id for sample in await service.all(account)] == [older]


async def test_feedback_that_was_on_its_way_makes_no_sample(service: TrainingService, account: UUID):
    conversation, touched, reply, prompt = str(new_id()), str(new_id()), str(new_id()), prompt_of("Hi", "Ho")
    late = [
        feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt),
        feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt_of("Hi"), reply_message_id=reply),
        feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt_of("Hi"), conversation_id=conversation),
        feedback(account, pb.FEEDBACK_KIND_ACCEPTED, conversation_id=touched),
    ]
    await service.erase(
        account,
        conversation_ids=[conversation],
        message_ids=[prompt.turns[0].message_id, reply],
        touched_conversation_ids=[touched],
    )

    assert [await service.record(event) for event in late] == [""] * len(late)
    assert await service.all(account) == []
    assert await service.record(
        feedback(account, pb.FEEDBACK_KIND_ACCEPTED, conversation_id=touched, prompt=prompt_of("New"))
    )


async def test_the_same_erasure_again_changes_nothing(service: TrainingService, account: UUID):
    prompt = prompt_of("Hi")
    await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt))
    erasure = {"erasure_id": str(uuid4()), "message_ids": [prompt.turns[0].message_id] * 2}

    assert [await service.erase(account, **erasure) for _ in range(2)] == [1, 0]


async def test_another_account_loses_nothing(service: TrainingService, account: UUID):
    prompt = prompt_of("Hi")
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt)
    await service.record(event)

    others = await service.erase(
        uuid4(), message_ids=[prompt.turns[0].message_id], conversation_ids=[event.conversation_id]
    )

    assert others == 0
    assert len(await service.all(account)) == 1


async def test_a_bad_erasure_names_the_field(service: TrainingService, account: UUID):
    request = pb.EraseMessagesRequest(erasure=erasure_pb2.Erasure(erasure_id=str(uuid4()), message_ids=["7"]))

    failure = await failure_of(service.samples.EraseMessages(request, metadata=service.acting_for(account)))

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "erasure.message_ids[0]" in failure.fields
