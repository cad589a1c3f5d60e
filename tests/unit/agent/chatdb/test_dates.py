"""Seconds and nanoseconds since 2001, mixed."""

import pytest

from agent.chatdb.dates import unix_nanoseconds, unix_of_seconds
from tests.chatdb_builder import ANA, DATE, ChatDb
from tests.unit.agent.chatdb.reading import messages, only

NOON = 1_741_953_600  # 2025-03-14 12:00 UTC
SINCE_2001 = NOON - 978_307_200
UNIX_OF_DATE = DATE + 978_307_200_000_000_000


def test_nanoseconds_keep_their_precision():
    assert unix_nanoseconds(SINCE_2001 * 10**9 + 123_456_789) == NOON * 10**9 + 123_456_789


def test_old_rows_hold_seconds():
    assert unix_nanoseconds(SINCE_2001) == NOON * 10**9


@pytest.mark.parametrize("value", [None, 0, -1, 2**63 - 1])
def test_what_is_no_date_is_absent(value: int | None):
    assert unix_nanoseconds(value) is None


def test_seconds_and_nanoseconds_may_stand_in_one_database(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "old", date=SINCE_2001)
    db.message(chat, "new", date=SINCE_2001 * 10**9 + 7)

    assert [message.sent_at for message in messages(db.path)] == [NOON * 10**9, NOON * 10**9 + 7]


def test_summary_infos_hold_seconds_with_a_fraction():
    assert unix_of_seconds(SINCE_2001 + 0.25) == NOON * 10**9 + 250_000_000


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), 1e300])
def test_a_fraction_that_is_no_date_is_absent(value: float):
    assert unix_of_seconds(value) is None


def test_a_row_without_a_date_gets_the_earliest_one(db: ChatDb):
    db.message(db.direct(ANA), "undated", date=0)

    assert only(db.path).sent_at == 978_307_200 * 10**9


def test_every_date_of_a_row_is_read_and_broken_ones_are_absent(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "read", sender=ANA, date_read=DATE + 5, is_read=1)
    db.message(chat, "delivered", date_delivered=DATE + 7, is_delivered=1)
    db.message(chat, "broken", sender=ANA, date_read=2**63 - 1, is_read=1)

    read, delivered, broken = messages(db.path)

    assert (read.read_at, read.delivered_at, read.is_read) == (UNIX_OF_DATE + 5, None, True)
    assert (delivered.read_at, delivered.delivered_at, delivered.is_delivered) == (None, UNIX_OF_DATE + 7, True)
    assert (broken.read_at, broken.is_read) == (None, True)
