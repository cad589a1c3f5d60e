"""The way of arrivals from our database to inference_svc: at once, and until each was acknowledged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol
from uuid import UUID

from svc_kit.outbox import Outbox, Timing
from sync_svc.domain.arrivals import Arrival
from sync_svc.peers.arrivals import MOST_AT_ONCE
from sync_svc.storage.arrivals import PostgresArrivals, Waiting

# Longer than a delivery may take; after it another process takes the arrivals from one that died.
_LEASE_S = 10.0


class Drafts(Protocol):
    """Makes drafts for what arrives."""

    async def note(self, account_id: UUID, arrivals: Sequence[Arrival]) -> None:
        """Take note of these; doing so again changes nothing. Raises Unavailable when it is away."""
        ...


def arrival_outbox(
    arrivals: PostgresArrivals,
    drafts: Drafts,
    *,
    is_serving: Callable[[], Awaitable[bool]] | None = None,
    interval: float = 5.0,
    longest: float = 60.0,
) -> Outbox[Waiting]:
    """The outbox of arrivals; `interval` and `longest` are seconds. inference_svc knows messages by their ids.

    What waits for a quarter of an hour is dropped: a draft for it would come too late.
    """
    timing = Timing(interval=interval, longest=longest, lease=_LEASE_S, limit=MOST_AT_ONCE, together=MOST_AT_ONCE)
    return Outbox(
        "arrivals",
        arrivals,
        partial(_send, arrivals, drafts),
        timing,
        is_serving=is_serving,
        drop_expired=arrivals.drop_expired,
    )


async def _send(rows: PostgresArrivals, drafts: Drafts, waiting: Sequence[Waiting]) -> None:
    account_id = waiting[0].account_id
    arrivals = await rows.read(account_id, waiting)
    for place in range(0, len(arrivals), MOST_AT_ONCE):
        await drafts.note(account_id, arrivals[place : place + MOST_AT_ONCE])
