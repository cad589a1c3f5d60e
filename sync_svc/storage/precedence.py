"""Whose state of a message counts when two devices of an account have it in different ones.

Each Mac hears of edits, receipts and reactions in its own time, and some things (which files it holds) stay different for ever.
A state therefore ranks by what can only grow: how much was unsent, then when it was edited, then the latest receipt or reaction, then sent
and no longer scheduled. A device may raise the rank, and change what it wrote itself last; of equal states the one that is there
stays, as long as the device that wrote it still syncs. What was unsent comes back by no device.
"""

from __future__ import annotations

from sync_svc.domain.messages import Flag
from sync_svc.storage.sync_states import STILL_SYNCS


def _latest(row: str) -> str:
    return f"""greatest({row}.read_at, {row}.delivered_at, (
        SELECT max((reaction ->> 'reacted_at')::timestamptz) FROM jsonb_array_elements({row}.reactions) AS reaction
    ))"""  # noqa: S608 - made of constants


# The contract allows 100 parts.
_WHOLE = 1_000


def unsent_amount(row: str) -> str:
    """SQL for how much of the message in `row` was unsent, an integer: so many parts, or 1,000 for the whole of it."""
    parts = f"coalesce(jsonb_array_length({row}.extra -> 'unsent_parts'), 0)"
    return f"CASE WHEN {row}.unsent_at IS NOT NULL THEN {_WHOLE} ELSE {parts} END"


def _rank(row: str, latest: str) -> str:
    # With a value for what is absent: a comparison with NULL would be neither.
    times = (f"coalesce({time}, '-infinity'::timestamptz)" for time in (f"{row}.edited_at", latest))
    return f"({unsent_amount(row)}, {', '.join(times)}, {row}.flags & {Flag.SCHEDULED:d} = 0)"


# A reaction that is taken away takes its time with it. ranked_at keeps the latest there was, so that a device that still has the
# reaction does not outrank the one that saw it go.
_LATEST_KNOWN = f"greatest(known.ranked_at, {_latest('known')})"
_KNOWN, _INCOMING = _rank("known", _LATEST_KNOWN), _rank("excluded", _latest("excluded"))
_WRITER_SYNCS = f"""EXISTS (
    SELECT FROM sync.sync_states AS s
    WHERE s.account_id = known.account_id AND s.device_id = known.written_by AND {STILL_SYNCS}
)"""

# Of `known`, the row that is there, and `excluded`, the one that comes: whether it may take the place, and what it leaves there.
# written_by is empty in rows that were written before it was kept: they are anybody's.
MAY_REPLACE = f"""{unsent_amount("excluded")} >= {unsent_amount("known")} AND (
    known.written_by IS NULL OR known.written_by = excluded.written_by
    OR {_INCOMING} > {_KNOWN} OR {_INCOMING} = {_KNOWN} AND NOT {_WRITER_SYNCS}
)"""
REMEMBER = f"written_by = excluded.written_by, ranked_at = {_LATEST_KNOWN}"
