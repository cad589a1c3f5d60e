"""Turns the dates of the Messages database into Unix time."""

from typing import Final

_APPLE_EPOCH: Final = 978_307_200  # 2001-01-01 UTC
_NANOSECONDS: Final = 1_000_000_000
# Seconds since 2001 stay below this for 31,000 years; nanoseconds pass it 17 minutes after 2001 began.
_SMALLEST_NANOSECONDS: Final = 1_000_000_000_000
_LATEST: Final = 4_102_444_800  # 2100-01-01 UTC; later ones are broken values such as 2**63 - 1

APPLE_EPOCH_NS: Final = _APPLE_EPOCH * _NANOSECONDS
_LATEST_NS: Final = _LATEST * _NANOSECONDS


def unix_nanoseconds(apple_date: int | None) -> int | None:
    """Return the date as nanoseconds since 1970, or None if it is absent or cannot be one.

    Rows written before macOS 10.13 hold seconds, newer ones nanoseconds, and one database may hold both.
    """
    if not apple_date or apple_date < 0:
        return None
    nanoseconds = apple_date if apple_date >= _SMALLEST_NANOSECONDS else apple_date * _NANOSECONDS
    unix = nanoseconds + APPLE_EPOCH_NS
    return unix if unix < _LATEST_NS else None


def unix_of_seconds(apple_seconds: float) -> int | None:
    """Return the same for dates in `message_summary_info`, which are seconds with a fraction even on current systems.

    Exact to the microsecond, which is all that a float holds of today's dates.
    """
    if not 0 < apple_seconds < _LATEST:
        return None
    return unix_nanoseconds(round(apple_seconds * 1_000_000) * 1_000)


def apple_nanoseconds(unix: int) -> int:
    """Return nanoseconds since 1970 as the database's current unit, for comparing with its columns."""
    return unix - APPLE_EPOCH_NS
