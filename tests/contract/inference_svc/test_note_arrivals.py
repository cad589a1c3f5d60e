"""NoteArrivals: who may call it, and what it refuses."""

import grpc
import pytest
from assistant.inference.v1 import responses_pb2 as pb

from svc_kit.clients import InternalCaller
from svc_kit.errors import Unavailable
from svc_kit.ids import new_id
from tests.contract.inference_svc.refusal import refused
from tests.contract.inference_svc.scripted import INTERNAL_KEY, queued, token
from tests.deadline import eventually

CANARY = "zanzibar-canary-4711"


def arrival(**fields: object) -> pb.Arrival:
    made = {"conversation_id": str(new_id()), "message_id": str(new_id()), "is_own": True, **fields}
    return pb.Arrival(**made)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arrivals", "field"),
    [
        ([], "arrivals"),
        ([arrival() for _ in range(101)], "arrivals"),
        ([arrival(), arrival(conversation_id="no id")], "arrivals[1].conversation_id"),
        ([arrival(message_id="")], "arrivals[0].message_id"),
        ([arrival(own_text="x" * 100_001)], "arrivals[0].own_text"),
        ([arrival(), arrival(own_text="a\0b")], "arrivals[1].own_text"),
    ],
)
async def test_a_wrong_field_is_named(product, arrivals, field):
    refusal = await refused(product.note(*arrivals))

    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.fields == [field]


async def test_a_service_has_to_say_for_which_account(product):
    nobody = InternalCaller("test", INTERNAL_KEY).metadata()
    request = pb.NoteArrivalsRequest(arrivals=[arrival()])

    refusal = await refused(product.responses.NoteArrivals(request, metadata=nobody))

    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED


async def test_what_says_nothing_to_anybody_is_answered(product):
    said = [arrival(own_text="Hello"), arrival(is_own=False)]

    answer = await product.responses.NoteArrivals(pb.NoteArrivalsRequest(arrivals=said), metadata=product.owner)

    assert answer == pb.NoteArrivalsResponse()
    assert product.training.calls == []


async def test_no_text_reaches_a_log(product, capfd):
    product.worker.steps = [queued(), token(f"{CANARY}."), *product.worker.steps[1:]]
    product.training.failures = [RuntimeError(CANARY)]
    product.sync.deaf = [RuntimeError(CANARY), Unavailable("away")]
    said = product.say(f"{CANARY} 1")
    await product.generate(message_id=said.newest, skip_cache=True)
    said.add(f"Me: {CANARY}.Yes, sure.")

    await product.note(said.arrival())
    await refused(product.note(arrival(own_text=f"{CANARY}\0")))
    await refused(product.note(arrival(own_text=CANARY * 10_000)))
    await eventually(lambda: len(product.training.calls) == 1)

    captured = "".join(capfd.readouterr())
    assert "draft labelled" in captured
    assert "delivery refused" in captured
    assert CANARY not in captured
