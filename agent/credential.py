"""The token that the server gave to this device."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

# Tokens live 7 days; an agent that is awake at all within the last two renews in time.
_RENEW_BEFORE_EXPIRY: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Credential:
    """A device token and whose it is. Good for its own server only."""

    server: str
    device_id: str
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        # Without the token, which must not end up in a traceback or a log.
        return f"Credential(server={self.server!r}, device_id={self.device_id!r}, expires_at={self.expires_at!r})"

    def is_expired(self, now: datetime) -> bool:
        """Return whether the server refuses the token at `now`."""
        return now >= self.expires_at

    def wants_renewal(self, now: datetime) -> bool:
        """Return whether the token ends soon enough to ask for another one."""
        return now >= self.expires_at - _RENEW_BEFORE_EXPIRY

    def to_json(self) -> str:
        """Return the text that `from_json` reads, the token in it."""
        return json.dumps(
            {
                "server": self.server,
                "device_id": self.device_id,
                "token": self.token,
                "expires_at": self.expires_at.astimezone(UTC).isoformat(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raise ValueError if the text is not what `to_json` writes."""
        try:
            fields = json.loads(text)
            expires_at = datetime.fromisoformat(fields["expires_at"])
            values = (fields["server"], fields["device_id"], fields["token"])
        except (KeyError, TypeError) as error:
            raise ValueError("not a stored token") from error
        if expires_at.tzinfo is None or not all(isinstance(value, str) and value for value in values):
            raise ValueError("not a stored token")
        return cls(*values, expires_at=expires_at)
