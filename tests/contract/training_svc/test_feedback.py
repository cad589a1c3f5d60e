"""SamplesService.RecordFeedback: what the owner does becomes one sample, once."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import grpc
import pytest
from assistant.training.v1 import samples_pb2 as pb

from svc_kit.ids import new_id
from tests.grpc_errors import failure_of
from tests.training_service import TrainingService, feedback, prompt_of


async def test_an_accepted_draft_is_the_reply_with_its_confidence(service: TrainingService, account: UUID):
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED)

    sample_id = await service.record(event)

    [sample] = await service.all(account)
    assert sample.sample_id == sample_id
    assert (sample.input_context, sample.expected_output) == (event.input_context, "Yes, at eight.")
    assert (sample.source, sample.quality, sample.negative) == (pb.SAMPLE_SOURCE_ACCEPTED, 0.75, False)
    assert (sample.response_id, sample.conversation_id) == (event.response_id, event.conversation_id)
    assert sample.rejected_output == ""
    assert sample.HasField("created_at")


async def test_an_edited_draft_is_the_owners_text_in_full(service: TrainingService, account: UUID):
    await service.record(feedback(account, pb.FEEDBACK_KIND_EDITED, edited_response="Yes, at nine."))

    [sample] = await service.all(account)
    assert (sample.expected_output, sample.rejected_output) == ("Yes, at nine.", "Yes, at eight.")
    assert (sample.source, sample.quality, sample.negative) == (pb.SAMPLE_SOURCE_EDITED, 1.0, False)


async def test_a_rejected_draft_is_a_negative(service: TrainingService, account: UUID):
    await service.record(feedback(account, pb.FEEDBACK_KIND_REJECTED, rejection_reason="too short"))

    [sample] = await service.all(account)
    assert (sample.source, sample.quality, sample.negative) == (pb.SAMPLE_SOURCE_REJECTED, 0.0, True)


async def test_the_same_event_again_changes_nothing(service: TrainingService, account: UUID):
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED)

    ids = {await service.record(event) for _ in range(3)}

    assert len(ids) == 1
    assert len(await service.all(account)) == 1


async def test_the_same_event_at_once_makes_one_sample(service: TrainingService, account: UUID):
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED)

    ids = await asyncio.gather(*(service.record(event) for _ in range(20)))

    assert len(set(ids)) == 1
    assert [sample.sample_id for sample in await service.all(account)] == ids[:1]


async def test_an_event_told_again_does_not_bring_a_deleted_sample_back(service: TrainingService, account: UUID):
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED)
    sample_id = await service.record(event)
    await service.samples.DeleteSample(
        pb.DeleteSampleRequest(sample_id=sample_id), metadata=service.acting_for(account)
    )

    assert await service.record(event) == sample_id
    assert await service.all(account) == []


async def test_two_accounts_may_have_the_same_event_id(service: TrainingService, account: UUID):
    other = uuid4()
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED)
    same_id = feedback(other, pb.FEEDBACK_KIND_ACCEPTED, event_id=event.event_id)

    assert await service.record(event) != await service.record(same_id)
    assert len(await service.all(account)) == len(await service.all(other)) == 1


async def test_the_account_must_be_the_tokens(service: TrainingService, account: UUID):
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED)

    failure = await failure_of(service.samples.RecordFeedback(event, metadata=service.acting_for(uuid4())))
    nobody = await failure_of(service.samples.RecordFeedback(event, metadata=service.acting_for(None)))

    assert failure.code is grpc.StatusCode.PERMISSION_DENIED
    assert nobody.code is grpc.StatusCode.UNAUTHENTICATED
    assert await service.all(account) == []


async def test_a_sample_shows_its_turns_hints_and_messages(service: TrainingService, account: UUID):
    prompt = prompt_of("Are you coming?", "Where to?", "Dinner", is_group=True, relation="friend", tone="warm")
    reply = str(new_id())
    event = feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt, reply_message_id=reply)

    await service.record(event)

    [sample] = await service.all(account)
    assert sample.prompt == prompt
    assert list(sample.message_ids) == [*(turn.message_id for turn in prompt.turns), reply]
    assert not sample.prompt_only


async def test_a_turn_of_no_known_message_is_kept(service: TrainingService, account: UUID):
    prompt = pb.PromptSource(turns=[pb.PromptTurn(text="Hi")], hints=pb.StyleHints(), template_id="transcript-1")

    await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, prompt=prompt))

    [sample] = await service.all(account)
    assert (sample.prompt, list(sample.message_ids)) == (prompt, [])


async def test_what_has_no_turns_is_prompt_only(service: TrainingService, account: UUID):
    await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED))
    await service.create(account)

    assert [sample.prompt_only for sample in await service.all(account)] == [True, True]


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        (pb.FEEDBACK_KIND_ACCEPTED, {"response": " "}, "response"),
        (pb.FEEDBACK_KIND_EDITED, {"edited_response": ""}, "edited_response"),
        (pb.FEEDBACK_KIND_ACCEPTED, {"confidence": 1.5}, "confidence"),
        (pb.FEEDBACK_KIND_ACCEPTED, {"event_id": "7"}, "event_id"),
        (pb.FEEDBACK_KIND_ACCEPTED, {"input_context": ""}, "input_context"),
        (pb.FEEDBACK_KIND_UNSPECIFIED, {}, "kind"),
        (pb.FEEDBACK_KIND_ACCEPTED, {"reply_message_id": "7"}, "reply_message_id"),
        (
            pb.FEEDBACK_KIND_ACCEPTED,
            {"prompt": pb.PromptSource(turns=[pb.PromptTurn(message_id="7")])},
            "prompt.turns[0].message_id",
        ),
    ],
)
async def test_bad_events_name_the_field(
    service: TrainingService, account: UUID, kind: pb.FeedbackKind.ValueType, said: dict[str, object], field: str
):
    event = feedback(account, kind, **said)

    failure = await failure_of(service.samples.RecordFeedback(event, metadata=service.acting_for(account)))

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert field in failure.fields
    assert await service.all(account) == []
