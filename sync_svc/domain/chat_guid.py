"""What a chat's GUID of Messages tells when nothing else is known of the chat: `iMessage;-;+15550100`, `any;+;chat42`."""

from __future__ import annotations

from uuid import UUID

from sync_svc.domain.incoming import IncomingConversation

_GROUP = "+"
_DIRECT = "-"
_UUID_LENGTH = 36


def conversation_from_guid(guid: str) -> IncomingConversation:
    """The best guess at a chat that was never described; a description replaces it."""
    service, _, rest = guid.partition(";")
    style, _, identifier = rest.partition(";")
    return IncomingConversation(
        imessage_id=guid,
        is_group=style == _GROUP,
        service="" if not rest or service == "any" else service,
        participants=(identifier,) if style == _DIRECT and identifier else (),
        is_complete=False,
    )


def as_server_id(reference: str) -> UUID | None:
    """The conversation's UUID when `reference` is one; None for a GUID of Messages, which never has that form."""
    if len(reference) != _UUID_LENGTH:
        return None
    try:
        return UUID(reference)
    except ValueError:
        return None
