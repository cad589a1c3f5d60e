"""Rows that say what happened to a conversation instead of what somebody said."""

from typing import Final

from agent.chatdb.records import EventKind, GroupEvent

_PARTICIPANT: Final = 1
_NAME: Final = 2
_GROUP_ACTION: Final = 3
_LOCATION: Final = 4
_AUDIO_KEPT: Final = 5
_CALL: Final = 6

_ADDED: Final = 0
_REMOVED: Final = 1
_STOPPED: Final = 1
# Readers disagree about the numbers 3 to 6 for backgrounds (3 and 4, or 4 and 6), so only those are named here that mean one
# thing to all of them; the numbers themselves are sent with every event.
_ACTIONS: Final = {0: EventKind.LEFT, 1: EventKind.PHOTO_CHANGED, 2: EventKind.PHOTO_REMOVED}


def is_own_location(item_type: int, other_handle: int, share_direction: int) -> bool:
    """Return whether a location row is the owner's although `is_from_me` does not say so."""
    return item_type == _LOCATION and bool(other_handle) and share_direction == 0


def group_event(
    *, item_type: int, action: int, title: str, handle_id: int, other_handle: int, other: str, share_status: int
) -> GroupEvent:
    """Return the event in a row; `other` is the address that `other_handle` stands for."""
    kind = _kind(item_type, action, handle_id, other_handle, share_status)
    return GroupEvent(kind, other, title, item_type, action)


def _kind(item_type: int, action: int, handle_id: int, other_handle: int, share_status: int) -> EventKind:
    if item_type == _PARTICIPANT:
        if action == _ADDED:
            # Somebody who adds themselves has only got another number.
            return EventKind.NUMBER_CHANGED if handle_id and handle_id == other_handle else EventKind.ADDED
        return EventKind.REMOVED if action == _REMOVED else EventKind.UNKNOWN
    if item_type == _GROUP_ACTION:
        return _ACTIONS.get(action, EventKind.UNKNOWN)
    if item_type == _LOCATION:
        return EventKind.LOCATION_STOPPED if share_status == _STOPPED else EventKind.LOCATION_STARTED
    return {_NAME: EventKind.RENAMED, _AUDIO_KEPT: EventKind.AUDIO_KEPT, _CALL: EventKind.CALL}.get(
        item_type, EventKind.UNKNOWN
    )
