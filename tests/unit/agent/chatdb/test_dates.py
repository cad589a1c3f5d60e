"""Seconds and nanoseconds since 2001, mixed."""

import pytest

from agent.chatdb.dates import unix_nanoseconds

NOON = 1_741_953_600  # 2025-03-14 12:00 UTC
SINCE_2001 = NOON - 978_307_200


def test_nanoseconds_keep_their_precision():
    assert unix_nanoseconds(SINCE_2001 * 10**9 + 123_456_789) == NOON * 10**9 + 123_456_789


def test_old_rows_hold_seconds():
    assert unix_nanoseconds(SINCE_2001) == NOON * 10**9


@pytest.mark.parametrize("value", [None, 0, -1, 2**63 - 1])
def test_what_is_no_date_is_absent(value: int | None):
    assert unix_nanoseconds(value) is None
