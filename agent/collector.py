"""Tells Python's collector of cycles how this program uses memory."""

import gc
from typing import Final

_YOUNG: Final = 50_000


def collect_rarely() -> None:
    """Look for cycles seldom, and never again in what is there now.

    A batch makes thousands of tuples, none of which is in a cycle, and the default is to look every 700: that took 6 % of the
    time of a first sync. Call it once, when everything is imported.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
