"""The way of erasures from our database to one of the services that keep text: at once, and until each was acknowledged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from svc_kit.outbox import Outbox, Timing
from sync_svc.peers.erasures import TIMEOUT_S, Erase
from sync_svc.storage.erasures import PostgresErasures, StoredErasure

_LIMIT = 5
# Longer than a delivery may take.
_LEASE_S = 2 * _LIMIT * TIMEOUT_S


def erasure_outbox(
    name: str,
    rows: PostgresErasures,
    erase: Erase,
    *,
    is_serving: Callable[[], Awaitable[bool]] | None = None,
    interval: float = 5.0,
) -> Outbox[StoredErasure]:
    """The outbox of the erasures for one destination; `interval` is in seconds. Nothing is dropped by age."""

    async def send(entries: Sequence[StoredErasure]) -> None:
        for one in entries:
            await erase(one.account_id, one.id, one.erasure)

    timing = Timing(interval=interval, lease=_LEASE_S, limit=_LIMIT)
    return Outbox(name, rows, send, timing, is_serving=is_serving)
