"""The reader's side: waiting, order, the bound, leaving."""

import asyncio

import pytest

from llama_worker.engine.events import Event, Failed, Finished, FinishReason, Piece
from llama_worker.engine.stream import TokenStream


class Calls:
    """Counts what a stream asks of its engine."""

    def __init__(self) -> None:
        self.wakes = 0
        self.cancels = 0

    def wake(self) -> None:
        self.wakes += 1

    def cancel(self) -> None:
        self.cancels += 1


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def stream(calls: Calls) -> TokenStream:
    return TokenStream(4, calls.wake, calls.cancel)


def done(last: bool = True) -> Finished:
    return Finished(0, FinishReason.STOP, -0.1, 1, 1, 0, 0.0, 0.0, last)


def send(stream: TokenStream, *events: Event) -> None:
    for event in events:
        stream.count(event)
        stream.deliver(event)


async def test_events_come_in_order_and_the_last_ends_the_stream(stream: TokenStream, calls: Calls):
    send(stream, Piece(0, "a"), done(last=False), Piece(1, "b"), done())

    async with stream:
        events = [event async for event in stream]

    assert [type(event) for event in events] == [Piece, Finished, Piece, Finished]
    assert calls.cancels == 0


async def test_a_reader_waits_for_the_next_event(stream: TokenStream):
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)

    send(stream, Piece(0, "a"))

    assert await waiting == Piece(0, "a")


async def test_a_failure_is_raised(stream: TokenStream):
    send(stream, Failed(ValueError("broken")))

    with pytest.raises(ValueError, match="broken"):
        await anext(stream)


async def test_leaving_early_cancels_once(stream: TokenStream, calls: Calls):
    send(stream, Piece(0, "a"))

    async with stream:
        await anext(stream)
    stream.cancel()

    assert calls.cancels == 1


async def test_a_reader_that_is_cancelled_cancels_the_work(stream: TokenStream, calls: Calls):
    async def read() -> None:
        async with stream:
            await anext(stream)

    reader = asyncio.ensure_future(read())
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)

    assert calls.cancels == 1


async def test_a_full_stream_wakes_the_engine_once_half_is_read(stream: TokenStream, calls: Calls):
    send(stream, *[Piece(0, "a")] * 4)
    assert stream.full

    await anext(stream)
    assert stream.full
    assert calls.wakes == 0

    await anext(stream)
    assert calls.wakes == 1
    assert not stream.full
