"""SamplesService.ExportSamples: JSON Lines, in pieces, to the end."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

from assistant.training.v1 import samples_pb2 as pb

from tests.training_service import TrainingService, feedback, prompt_of


async def test_all_samples_come_oldest_first_then_done(service: TrainingService, account: UUID):
    made = [(await service.create(account, expected_output=f"Reply {number}")).sample_id for number in range(120)]

    events = await _export(service, account)

    lines = _lines(events)
    assert [line["sample_id"] for line in lines] == made
    assert [event.WhichOneof("event") for event in events[:-1]] == ["jsonl"] * (len(events) - 1)
    assert events[-1].done.sample_count == 120


async def test_a_line_has_the_fields_of_a_sample(service: TrainingService, account: UUID):
    prompt = prompt_of("Hi", is_group=True, relation="friend", tone="warm", instruction="short")
    event = feedback(
        account, pb.FEEDBACK_KIND_EDITED, edited_response='Ünïcode "quoted"\nand two lines 🎈', prompt=prompt
    )
    sample_id = await service.record(event)

    [line] = _lines(await _export(service, account))

    created_at = line.pop("created_at")
    assert line == {
        "sample_id": sample_id,
        "input_context": event.input_context,
        "expected_output": event.edited_response,
        "source": "edited",
        "quality": 1.0,
        "negative": False,
        "rejected_output": event.response,
        "prompt_only": False,
        "message_ids": [prompt.turns[0].message_id],
        "turns": [{"message_id": prompt.turns[0].message_id, "text": "Hi", "mine": False, "sender": "Ana"}],
        "hints": {"is_group": True, "relation": "friend", "tone": "warm", "instruction": "short"},
        "template_id": "transcript-1",
    }
    assert created_at.endswith("+00:00")


async def test_negatives_come_only_when_asked_for(service: TrainingService, account: UUID):
    await service.create(account)
    await service.record(feedback(account, pb.FEEDBACK_KIND_REJECTED))

    without = await _export(service, account)
    with_them = await _export(service, account, include_negatives=True)

    assert [line["negative"] for line in _lines(without)] == [False]
    assert [line["negative"] for line in _lines(with_them)] == [False, True]
    assert (without[-1].done.sample_count, with_them[-1].done.sample_count) == (1, 2)


async def test_pieces_are_whole_lines_of_about_64_kilobytes(service: TrainingService, account: UUID):
    for size in [9_000] * 30 + [300_000, 9_000]:
        await service.record(feedback(account, pb.FEEDBACK_KIND_ACCEPTED, input_context="x" * size))

    pieces = [event.jsonl for event in (await _export(service, account))[:-1]]

    assert all(piece.endswith("\n") for piece in pieces)
    assert sum(piece.count("\n") for piece in pieces) == 32
    sizes = [len(piece) for piece in pieces]
    assert [size > 64 * 1024 for size in sizes].count(True) == 1
    assert len(sizes) < 10


async def test_an_account_without_samples_gets_done(service: TrainingService, account: UUID):
    await service.create(uuid4())

    [event] = await _export(service, account)

    assert event.WhichOneof("event") == "done"
    assert event.done.sample_count == 0


async def test_a_client_may_hang_up(service: TrainingService, account: UUID):
    for _ in range(60):
        await service.create(account, input_context="x" * 60_000)

    call = service.samples.ExportSamples(pb.ExportSamplesRequest(), metadata=service.acting_for(account))
    await call.read()
    call.cancel()

    assert len(_lines(await _export(service, account))) == 60


async def _export(service: TrainingService, account: UUID, **asked: Any) -> list[pb.ExportSamplesResponse]:
    request = pb.ExportSamplesRequest(**asked)
    return [event async for event in service.samples.ExportSamples(request, metadata=service.acting_for(account))]


def _lines(events: list[pb.ExportSamplesResponse]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in "".join(event.jsonl for event in events).splitlines()]
