"""SamplesService: samples by hand, lists, changes."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import grpc
import pytest
from assistant.training.v1 import samples_pb2 as pb

from tests.grpc_errors import failure_of
from tests.training_service import TrainingService, feedback


async def test_a_sample_by_hand_counts_fully(service: TrainingService, account: UUID):
    sample = await service.create(account, input_context="Them: Hi\nMe:", expected_output="Hello!")

    assert (sample.source, sample.quality, sample.negative) == (pb.SAMPLE_SOURCE_MANUAL, 1.0, False)
    assert (sample.response_id, sample.conversation_id) == ("", "")
    assert await service.all(account) == [sample]


async def test_the_same_request_gives_the_same_sample(service: TrainingService, account: UUID):
    request_id = str(uuid4())

    made = await asyncio.gather(*(service.create(account, request_id=request_id) for _ in range(10)))

    assert len({sample.sample_id for sample in made}) == 1
    assert len(await service.all(account)) == 1


async def test_another_sample_under_the_same_request_is_refused(service: TrainingService, account: UUID):
    request_id = str(uuid4())
    await service.create(account, request_id=request_id)

    failure = await failure_of(service.create(account, request_id=request_id, input_context="Them: Bye\nMe:"))

    assert failure.code is grpc.StatusCode.ALREADY_EXISTS


async def test_without_a_request_id_each_call_makes_one(service: TrainingService, account: UUID):
    await service.create(account)
    await service.create(account)

    assert len(await service.all(account)) == 2


@pytest.mark.parametrize("field", ["input_context", "expected_output"])
async def test_a_sample_needs_both_texts(service: TrainingService, account: UUID, field: str):
    failure = await failure_of(service.create(account, **{field: ""}))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_a_text_with_nul_is_bad_input(service: TrainingService, account: UUID):
    failure = await failure_of(service.create(account, expected_output="a\0b"))

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_samples_are_listed_newest_first_in_pages_with_counts(service: TrainingService, account: UUID):
    made = [(await service.create(account)).sample_id for _ in range(3)]
    made.append(await service.record(feedback(account, pb.FEEDBACK_KIND_REJECTED)))
    acting = service.acting_for(account)

    first = await service.samples.ListSamples(pb.ListSamplesRequest(page_size=3), metadata=acting)
    request = pb.ListSamplesRequest(page_size=3, page_token=first.next_page_token)
    second = await service.samples.ListSamples(request, metadata=acting)

    assert [sample.sample_id for sample in (*first.samples, *second.samples)] == made[::-1]
    assert second.next_page_token == ""
    assert {count.source: count.count for count in second.counts} == {
        pb.SAMPLE_SOURCE_MANUAL: 3,
        pb.SAMPLE_SOURCE_REJECTED: 1,
    }


async def test_samples_can_be_listed_by_source(service: TrainingService, account: UUID):
    for _ in range(3):
        await service.create(account)
        await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED))

    seen: list[int] = []
    token = ""
    for _ in range(2):
        request = pb.ListSamplesRequest(page_size=2, page_token=token, source=pb.SAMPLE_SOURCE_ACCEPTED)
        page = await service.samples.ListSamples(request, metadata=service.acting_for(account))
        seen += [sample.source for sample in page.samples]
        token = page.next_page_token

    assert seen == [pb.SAMPLE_SOURCE_ACCEPTED] * 3
    assert token == ""


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.ListSamplesRequest(page_size=201), "page_size"),
        (pb.ListSamplesRequest(page_token="?"), "page_token"),
        (pb.ListSamplesRequest(source=99), "source"),  # type: ignore[arg-type]
    ],
)
async def test_bad_lists_name_the_field(
    service: TrainingService, account: UUID, request_: pb.ListSamplesRequest, field: str
):
    failure = await failure_of(service.samples.ListSamples(request_, metadata=service.acting_for(account)))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


@pytest.mark.parametrize(
    ("paths", "output", "quality"),
    [(["expected_output"], "New", 1.0), (["quality"], "Hello", 0.25), (["expected_output", "quality"], "New", 0.25)],
)
async def test_what_the_mask_names_is_changed(
    service: TrainingService, account: UUID, paths: list[str], output: str, quality: float
):
    sample = await service.create(account)

    changed = await _update(service, account, sample.sample_id, paths, expected_output="New", quality=0.25)

    assert (changed.expected_output, changed.quality) == (output, quality)
    assert await service.all(account) == [changed]


@pytest.mark.parametrize(
    ("paths", "said", "field"),
    [
        ([], {"quality": 0.5}, "update_mask"),
        (["source"], {}, "update_mask"),
        (["expected_output"], {"expected_output": ""}, "expected_output"),
        (["quality"], {"quality": 2.0}, "quality"),
    ],
)
async def test_bad_changes_name_the_field(
    service: TrainingService, account: UUID, paths: list[str], said: dict[str, object], field: str
):
    sample = await service.create(account)

    failure = await failure_of(_update(service, account, sample.sample_id, paths, **said))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])
    assert await service.all(account) == [sample]


async def test_a_sample_can_be_deleted_once(service: TrainingService, account: UUID):
    sample = await service.create(account)
    request, acting = pb.DeleteSampleRequest(sample_id=sample.sample_id), service.acting_for(account)

    await service.samples.DeleteSample(request, metadata=acting)
    failure = await failure_of(service.samples.DeleteSample(request, metadata=acting))

    assert failure.code is grpc.StatusCode.NOT_FOUND
    assert await service.all(account) == []


async def test_a_sample_of_another_account_does_not_exist(service: TrainingService, account: UUID):
    sample = await service.create(account)
    stranger = uuid4()

    delete = pb.DeleteSampleRequest(sample_id=sample.sample_id)
    deleted = await failure_of(service.samples.DeleteSample(delete, metadata=service.acting_for(stranger)))
    changed = await failure_of(_update(service, stranger, sample.sample_id, ["quality"], quality=0.0))

    assert deleted == changed
    assert deleted.code is grpc.StatusCode.NOT_FOUND
    assert await service.all(stranger) == []
    assert await service.all(account) == [sample]


async def _update(
    service: TrainingService, account: UUID, sample_id: str, paths: list[str], **said: object
) -> pb.TrainingSample:
    request = pb.UpdateSampleRequest(sample_id=sample_id, **said)  # type: ignore[arg-type]
    request.update_mask.paths.extend(paths)
    answer = await service.samples.UpdateSample(request, metadata=service.acting_for(account))
    sample: pb.TrainingSample = answer.sample
    return sample
