"""Sends requests. What the server refuses is found, left out and told, so that it stops nothing that lies behind it."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Final, TypeAlias

from assistant.sync.v1 import sync_pb2

from agent.client import ServerClient
from agent.errors import DataRefused
from agent.reporting import Reporter, Summary, Trouble
from agent.sync.requests import halves_of, items_of, request_with
from agent.sync.retry_policy import RetryPolicy
from agent.wire import content_hash

_Request: TypeAlias = sync_pb2.SyncMessagesRequest
_Item: TypeAlias = sync_pb2.SyncedConversation | sync_pb2.SyncedMessage

# A request of which more is refused is given up until the next pass: then the versions do not fit, and each costs some
# twenty calls to find.
_REFUSED_AT_ONCE: Final = 20


class Delivery:
    """Every write is an upsert by GUID and state hash, so sending something twice changes nothing."""

    def __init__(self, client: ServerClient, retry_policy: RetryPolicy, reporter: Reporter) -> None:
        self._client = client
        self._retry_policy = retry_policy
        self._reporter = reporter
        self._refused: set[tuple[str, int]] = set()
        """What was refused: not sent again until it changes, and told once."""

    async def stream(self, requests: Iterable[_Request] | AsyncIterable[_Request]) -> sync_pb2.SyncMessagesResponse:
        """Send one stream; the answer means that all of it is kept. Raises ServerAway, and DataRefused: see `one_by_one`."""
        if not self._refused:
            return await self._client.upload(requests)
        if isinstance(requests, AsyncIterable):
            return await self._client.upload(self._each_allowed(requests))
        return await self._client.upload(map(self._allowed, requests))

    async def send(self, requests: Sequence[_Request]) -> Summary:
        """Send all, but for what the server refuses. Raises ServerAway after the last try."""
        if not requests:
            return Summary()
        try:
            return summary_of(await self._retry_policy.run(lambda: self.stream(requests)))
        except DataRefused:
            return await self._retry_policy.run(lambda: self.one_by_one(requests))

    async def one_by_one(self, requests: Iterable[_Request]) -> Summary:
        """Send each in a stream of its own, but for what the server refuses.

        Raises ServerAway, and DataRefused when too much of a request is refused; the next pass goes on from there.
        """
        summary = Summary()
        for request in requests:
            summary += await self._send_what_is_taken(request)
        return summary

    async def _send_what_is_taken(self, request: _Request) -> Summary:
        """Send a request, in halves of halves where it is refused, until what is refused stands alone."""
        summary = Summary()
        parts = [request]
        while parts:
            part = self._allowed(parts.pop())
            found = items_of(part)
            if not found and not part.cursor:
                continue
            try:
                summary += summary_of(await self._client.upload([part]))
            except DataRefused as error:
                if not found or summary.refused == _REFUSED_AT_ONCE:
                    raise
                if len(found) > 1:
                    parts += reversed(halves_of(part))
                    continue
                self._leave_out(found[0], error)
                summary += Summary(refused=1)
                parts.append(request_with([], part.cursor))
        return summary

    def _leave_out(self, item: _Item, error: DataRefused) -> None:
        self._refused.add(_identity(item))
        what = "message" if isinstance(item, sync_pb2.SyncedMessage) else "chat's description"
        # Its id would say with whom a chat is, so neither kind is named by it.
        self._reporter.trouble(Trouble.FAILED, f"one {what} is left out, which the server refuses ({error.reason})")

    def _allowed(self, request: _Request) -> _Request:
        """The request without what is known to be refused."""
        items = items_of(request)
        allowed = [item for item in items if _identity(item) not in self._refused]
        return request if len(allowed) == len(items) else request_with(allowed, request.cursor)

    async def _each_allowed(self, requests: AsyncIterable[_Request]) -> AsyncIterator[_Request]:
        async for request in requests:
            yield self._allowed(request)


def summary_of(answer: sync_pb2.SyncMessagesResponse) -> Summary:
    """What a stream did."""
    return Summary(sent=answer.received, inserted=answer.inserted, updated=answer.updated)


def _identity(item: _Item) -> tuple[str, int]:
    if isinstance(item, sync_pb2.SyncedMessage):
        return item.imessage_guid, item.state_hash
    return item.conversation_id, content_hash(item)
