"""Whether a token still stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from device_svc.domain.clock import Clock, utc_now
from device_svc.storage.transactions import PostgresTransactions
from svc_kit.identity import Identity


@dataclass(frozen=True)
class Revocation:
    """Answers for this service's own gate and, by CheckToken, for all others'."""

    transactions: PostgresTransactions
    clock: Clock = field(default=utc_now)

    async def is_active(self, caller: Identity) -> bool:
        """False once the session was ended, the device deactivated or paired anew, or the password reset."""
        if caller.account_id is None or caller.token_id is None:
            return False
        subject = UUID(caller.subject)
        async with self.transactions.account(caller.account_id) as scope:
            if caller.role == "device":
                return await scope.tokens.stands(subject, caller.token_id, self.clock())
            if caller.role == "owner" and subject == caller.account_id:
                return await scope.sessions.live(caller.account_id, caller.token_id, self.clock()) is not None
        return False
