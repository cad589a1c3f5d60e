"""The model's words made into one reply."""

from __future__ import annotations

from collections.abc import Sequence

from prompting.transcript import ME


def reply_of(text: str, stops: Sequence[str]) -> str:
    """The first reply in `text`, without the blanks around it, and without its speaker's label.

    The worker holds stops back already; a text that begins with one would still get through once it is stripped.
    """
    # PostgreSQL keeps no NUL, and no keyboard makes one.
    reply = text.replace("\0", "").strip().removeprefix(f"{ME}:").strip()
    ends = [at for stop in stops if (at := reply.find(stop)) >= 0]
    return reply[: min(ends)].rstrip() if ends else reply
