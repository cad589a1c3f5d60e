"""The least id that can hold a message."""

from datetime import timedelta
from uuid import UUID, uuid4

from svc_kit.erasure import CLOCK_SKEW, id_floor, lock_number
from svc_kit.ids import new_id


def _at(milliseconds: int) -> UUID:
    return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))


def test_what_is_made_after_the_oldest_message_is_above_the_floor():
    skew = CLOCK_SKEW // timedelta(milliseconds=1)

    floor = id_floor([_at(9_000_000), _at(8_000_000), _at(9_500_000)])

    assert floor == UUID(int=(8_000_000 - skew) << 80)
    assert _at(8_000_000 - skew - 1) < floor < _at(8_000_000 - skew)


def test_what_may_be_older_is_above_it_too():
    assert id_floor([_at(90_000_000)], timedelta(hours=1)) == id_floor([_at(90_000_000 - 3_600_000)])


def test_without_a_time_nothing_is_below_it():
    assert id_floor([]) == id_floor([new_id(), uuid4()]) == id_floor([_at(1)]) == UUID(int=0)


def test_a_lock_number_fits_postgresqls_integer():
    assert lock_number(UUID(int=2**128 - 1)) == -1
    assert lock_number(UUID(int=2**31 - 1)) == 2**31 - 1
