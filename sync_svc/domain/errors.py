"""What only sync_svc can get wrong."""

from __future__ import annotations

from svc_kit.errors import NotFound


class UnknownConversation(NotFound):
    """A message names a UUID that is no conversation of the account. `reference` is that UUID."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"no conversation {reference}")
        self.reference = reference
