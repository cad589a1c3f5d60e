"""Renews this device's token in time, and sees to it that the new one is saved."""

import time
from datetime import UTC, datetime
from typing import Final

from agent.client import ServerClient
from agent.errors import AgentError
from agent.reporting import Reporter, Trouble
from agent.token_store import TokenStore

# To a clock that is days ahead, a token that was just renewed looks as if it should be renewed.
_AGAIN_SECONDS: Final = 3_600.0


class TokenRenewal:
    """Whether a token has expired is the server's to say: this clock may be wrong, and right again in a minute."""

    def __init__(self, client: ServerClient, store: TokenStore, reporter: Reporter) -> None:
        self._client = client
        self._store = store
        self._reporter = reporter
        self._not_before = 0.0
        self._is_saved = True
        self._has_complained = False

    async def run(self) -> None:
        """Renew the token if it is time to. Raises ServerAway and NotPaired."""
        if self._client.credential.wants_renewal(datetime.now(UTC)) and time.monotonic() >= self._not_before:
            await self._client.renew_token()
            self._not_before = time.monotonic() + _AGAIN_SECONDS
            self._is_saved = False
        if not self._is_saved:
            self._save()

    def _save(self) -> None:
        """Save the new token. A keychain that is closed now may be open in the next pass, and the token is good meanwhile."""
        try:
            self._store.save(self._client.credential)
        except AgentError as error:
            self._reporter.trouble(Trouble.TOKEN_NOT_SAVED, f"the renewed token is in use, and not saved yet: {error}")
            self._has_complained = True
            return
        self._is_saved = True
        if self._has_complained:
            self._has_complained = False
            self._reporter.well()
