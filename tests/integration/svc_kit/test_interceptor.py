"""The interceptor around all four kinds of call, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from assistant.sync.v1 import sync_pb2
from assistant.training.v1 import samples_pb2
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from svc_kit.errors import NotFound, Overloaded
from tests.deadline import eventually
from tests.grpc_errors import failure_of
from tests.integration.svc_kit.calls import CLIENT_STREAM, SERVER_STREAM, UNARY, Calls, Script, scripted
from tests.unit.svc_kit.keys import ACCOUNT

CANARY = "what somebody wrote"
KINDS = ["unary", "server_stream", "client_stream", "both_ways"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_that_goes_well_is_answered(kind: str):
    async with scripted(Script(count=2)) as calls:
        assert await _answers(calls, kind) == {"unary": 1, "server_stream": 2, "client_stream": 1, "both_ways": 1}[kind]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_of_the_domain_is_its_status(kind: str):
    async with scripted(Script(error=NotFound("there is no such thing"))) as calls:
        failure = await failure_of(_answers(calls, kind))

    assert (failure.code, failure.message) == (grpc.StatusCode.NOT_FOUND, "there is no such thing")
    assert failure.reason == "NOT_FOUND"


@pytest.mark.parametrize("kind", KINDS)
async def test_any_other_error_is_an_internal_one_without_its_text(kind: str):
    with capture_logs() as logs:
        async with scripted(Script(error=ValueError(CANARY))) as calls:
            failure = await failure_of(_answers(calls, kind))

    assert (failure.code, failure.message) == (grpc.StatusCode.INTERNAL, "internal error")
    assert CANARY not in str(logs)
    [line] = [line for line in logs if line["event"] == "internal error"]
    assert line["error"] == "builtins.ValueError"
    assert any("calls.py" in place for place in line["at"])


async def test_an_error_after_some_answers_is_the_status_at_the_end():
    async with scripted(Script(count=3, error=Overloaded("later", retry_after=2))) as calls:
        call = calls.server_stream()
        for _ in range(3):
            assert (await call.read()).jsonl
        failure = await failure_of(call.read())

    assert (failure.code, failure.retry_after) == (grpc.StatusCode.RESOURCE_EXHAUSTED, 2.0)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_caller_that_hangs_up_ends_the_work(kind: str):
    script = Script(count=1, forever=True)
    async with scripted(script) as calls:
        call = _call(calls, kind)
        await script.began.wait() if kind in ("unary", "client_stream") else await call.read()
        await script.began.wait()
        call.cancel()

        await asyncio.wait_for(script.ended.wait(), 30)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_deadline_ends_the_work(kind: str):
    script = Script(forever=True)
    async with scripted(script) as calls:
        failure = await failure_of(_answers(calls, kind, timeout=0.3))

        assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.wait_for(script.ended.wait(), 30)


@pytest.mark.parametrize("kind", ["unary", "server_stream", "client_stream"])
async def test_without_a_token_the_work_does_not_begin(kind: str):
    script = Script()
    async with scripted(script) as calls:
        failure = await failure_of(_answers(calls, kind, metadata=()))

    assert failure.code is grpc.StatusCode.UNAUTHENTICATED
    assert not script.began.is_set()


@pytest.mark.parametrize(
    ("kind", "role"), [("unary", "service"), ("server_stream", "service"), ("client_stream", "device")]
)
async def test_the_handler_knows_its_caller(kind: str, role: str):
    script = Script()
    async with scripted(script) as calls:
        await _answers(calls, kind)

    assert [(caller.role, caller.account_id) for caller in script.callers] == [(role, ACCOUNT)]


async def test_bad_input_never_reaches_the_handler():
    script = Script()
    async with scripted(script) as calls:
        failure = await failure_of(calls.unary(name=""))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["name"])
    assert not script.began.is_set()


async def test_bad_input_in_a_stream_ends_it_after_the_good_ones():
    script = Script()
    good, bad = sync_pb2.SyncMessagesRequest(), sync_pb2.SyncMessagesRequest()
    bad.messages.add()
    async with scripted(script) as calls:
        failure = await failure_of(calls.client_stream(_stream(good, good, bad, good)))

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert all(field.startswith("messages[0]") for field in failure.fields)
    assert script.taken == 2


async def test_what_the_service_checks_by_hand_is_not_checked_twice():
    script = Script()
    bad = sync_pb2.SyncMessagesRequest()
    bad.messages.add()
    async with scripted(script, hand_checked=frozenset({CLIENT_STREAM})) as calls:
        await calls.client_stream(_stream(bad))

    assert script.taken == 1


async def test_an_unknown_method_is_unimplemented():
    async with scripted(Script()) as calls:
        nothing: Any = calls.channel.unary_unary("/assistant.device.v1.DevicesService/Nothing")
        failure = await failure_of(nothing(b""))

    assert failure.code is grpc.StatusCode.UNIMPLEMENTED


async def test_each_call_is_one_line_with_its_code():
    with capture_logs() as logs:
        async with scripted(Script(count=1)) as calls:
            await _answers(calls, "unary")
            await _answers(calls, "server_stream")
            await failure_of(calls.unary(name=""))

    lines = [(line["rpc"], line["code"]) for line in logs if line["event"] == "rpc"]
    assert lines == [(UNARY, "OK"), (SERVER_STREAM, "OK"), (UNARY, "INVALID_ARGUMENT")]


async def test_a_cancelled_call_is_counted_as_such_and_leaves_nothing_in_flight():
    script = Script(forever=True)
    before = _count(UNARY, "CANCELLED")
    async with scripted(script) as calls:
        call = calls.unary()
        await script.began.wait()
        call.cancel()
        await eventually(lambda: _count(UNARY, "CANCELLED") == before + 1)

    assert REGISTRY.get_sample_value("assistant_rpc_in_flight", {"rpc": UNARY}) == 0


async def test_calls_at_once_do_not_mix_up_their_callers():
    script = Script()
    async with scripted(script) as calls:
        await asyncio.gather(*(_answers(calls, kind) for kind in ("unary", "client_stream") * 20))

    assert sorted(caller.role for caller in script.callers) == ["device"] * 20 + ["service"] * 20


def _call(calls: Calls, kind: str, **more: Any) -> Any:
    make: dict[str, Callable[[], Any]] = {
        "unary": lambda: calls.unary(**more),
        "server_stream": lambda: calls.server_stream(**more),
        "client_stream": lambda: calls.client_stream(_stream(sync_pb2.SyncMessagesRequest()), **more),
        "both_ways": lambda: calls.both_ways(_stream(samples_pb2.ExportSamplesRequest()), **more),
    }
    return make[kind]()


async def _answers(calls: Calls, kind: str, **more: Any) -> int:
    call = _call(calls, kind, **more)
    if kind in ("unary", "client_stream"):
        await call
        return 1
    return len([answer async for answer in call])


async def _stream(*requests: Any) -> AsyncIterator[Any]:
    for request in requests:
        yield request


def _count(path: str, code: str) -> float:
    return REGISTRY.get_sample_value("assistant_rpc_seconds_count", {"rpc": path, "code": code}) or 0
