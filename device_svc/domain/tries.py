"""How often a secret may be guessed before guessing pauses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from svc_kit.errors import Overloaded


@dataclass(frozen=True, slots=True)
class TryLimit:
    """At most `tries` in a `window` that begins with the first of them; `kind` names what is guessed."""

    kind: str
    tries: int
    window: timedelta

    def paused(self, began_at: datetime, now: datetime) -> Overloaded:
        """The error for one try too many in a window that began at `began_at`."""
        wait = max((began_at + self.window - now).total_seconds(), 1.0)
        minutes = -(-wait // 60)
        return Overloaded(
            f"too many wrong tries; try again in {minutes:.0f} min", retry_after=wait, reason="TOO_MANY_TRIES"
        )


SIGN_IN = TryLimit("sign_in", 10, timedelta(minutes=10))
APPROVAL = TryLimit("approval", 5, timedelta(minutes=10))
