"""A stream that fails says so in its last event."""

from collections.abc import AsyncGenerator

import pytest
from assistant.training.v1 import samples_pb2 as pb
from google.rpc import code_pb2

from svc_kit.errors import Unavailable
from training_svc.api.stream_end import with_error_event

EVENT = pb.ExportSamplesResponse(jsonl="{}\n")


class Source:
    """Sends some events, then fails."""

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self._count = count
        self._error = error
        self.closed = False

    async def events(self) -> AsyncGenerator[pb.ExportSamplesResponse, None]:
        try:
            for _ in range(self._count):
                yield EVENT
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (Unavailable("the database is away"), code_pb2.UNAVAILABLE, "the database is away"),
        (RuntimeError("something somebody wrote"), code_pb2.INTERNAL, "internal error"),
    ],
)
async def test_a_failure_after_the_first_event_is_an_event_and_a_status(error: Exception, code: int, message: str):
    events = with_error_event(Source(2, error).events())

    assert [await anext(events), await anext(events)] == [EVENT, EVENT]
    last = await anext(events)
    assert (last.error.code, last.error.message) == (code, message)
    with pytest.raises(type(error)):
        await anext(events)


async def test_a_failure_before_the_first_event_is_a_status_only():
    with pytest.raises(Unavailable):
        await anext(with_error_event(Source(0, Unavailable("away")).events()))


async def test_hanging_up_ends_the_work():
    source = Source(5)
    events = with_error_event(source.events())
    await anext(events)

    await events.aclose()

    assert source.closed
