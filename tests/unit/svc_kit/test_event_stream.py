"""Heartbeats and errors in a stream of events."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from assistant.common.v1 import heartbeat_pb2

from svc_kit.errors import Overloaded
from svc_kit.event_stream import stream_error, with_error_event, with_heartbeats


def same(event: int) -> int:
    return event


async def counting(*steps: int | asyncio.Event | Exception) -> AsyncGenerator[int, None]:
    for step in steps:
        if isinstance(step, asyncio.Event):
            await step.wait()
        elif isinstance(step, Exception):
            raise step
        else:
            yield step


def say(error: heartbeat_pb2.StreamError) -> int:
    return -error.code


async def test_events_pass_unchanged():
    assert [event async for event in with_heartbeats(counting(1, 2, 3), same, 0, 30)] == [1, 2, 3]


async def test_silence_is_filled_but_not_before_the_first_event():
    gates = asyncio.Event(), asyncio.Event()
    beating = with_heartbeats(counting(gates[0], 1, gates[1], 2), same, 0, 0.01)

    asyncio.get_running_loop().call_later(0.05, gates[0].set)
    first = [await anext(beating) for _ in range(3)]
    gates[1].set()
    rest = [event async for event in beating]

    assert first == [1, 0, 0]
    assert rest[-1] == 2


async def test_closing_closes_the_source():
    closed = asyncio.Event()

    async def source() -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    beating = with_heartbeats(source(), same, 0, 30)
    await anext(beating)
    await beating.aclose()

    assert closed.is_set()


async def test_a_slow_reader_makes_the_source_wait():
    made = 0

    async def source() -> AsyncGenerator[int, None]:
        nonlocal made
        while True:
            made += 1
            yield made

    beating = with_heartbeats(source(), same, 0, 30)
    await anext(beating)
    for _ in range(1000):
        await asyncio.sleep(0)

    assert made < 100
    await beating.aclose()


async def test_a_failure_before_the_first_event_is_only_raised():
    events = with_error_event(counting(Overloaded("full", retry_after=1)), say)

    with pytest.raises(Overloaded):
        await anext(events)


async def test_a_failure_after_it_is_an_event_and_raised():
    events = with_error_event(with_heartbeats(counting(1, Overloaded("full", retry_after=1)), same, 0, 30), say)

    assert [await anext(events), await anext(events)] == [1, -8]
    with pytest.raises(Overloaded):
        await anext(events)


def test_a_mistake_of_ours_is_told_without_its_text():
    error = stream_error(ValueError("what somebody wrote"))

    assert (error.code, error.message, error.reason) == (13, "internal error", "INTERNAL")
