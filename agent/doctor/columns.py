"""What is lost without a column of `message`. Some are missing on every older (or newer) macOS."""

from collections.abc import Iterable, Mapping
from typing import Final

COSTS: Final[Mapping[str, str]] = {
    "text": "texts come from attributedBody alone",
    "attributedBody": "most texts since macOS 13 are empty",
    "date": "messages have no time",
    "service": "iMessage, SMS and RCS cannot be told apart",
    "destination_caller_id": "which of your own numbers was written to is not known",
    "date_read": "when a message was read is not known",
    "date_delivered": "when a message was delivered is not known",
    "is_read": "whether a message was read is not known",
    "is_delivered": "whether a message was delivered is not known",
    "is_sent": "whether a message was sent is not known",
    "cache_roomnames": "some old group messages find no chat",
    "subject": "subjects are left out",
    "date_edited": "edits are found less surely",
    "date_retracted": "when a message was unsent is not known",
    "was_detonated": "expired messages look empty",
    "message_summary_info": "edits and unsent messages are not followed",
    "thread_originator_guid": "replies do not show what they answer",
    "thread_originator_part": "replies do not show which part they answer",
    "associated_message_guid": "reactions are left out",
    "associated_message_type": "reactions look like messages",
    "associated_message_emoji": "reactions with other emoji are left out",
    "item_type": "events of a group look like empty messages",
    "group_action_type": "who joined or left a group is not told",
    "group_title": "new names of groups are not told",
    "other_handle": "who was added to a group is not told",
    "share_status": "shared locations are not told apart",
    "share_direction": "who shared a location is not known",
    "balloon_bundle_id": "messages of apps look empty",
    "payload_data": "links are not marked as such",
    "is_audio_message": "voice messages look like other files",
    "schedule_type": "messages that are not sent yet look sent",
    "is_spam": "junk is not marked",
    "filter_action": "junk is not marked",
    "error": "messages that failed look sent",
    "cache_has_attachments": "attachments are left out",
}

# They came with a macOS, together with what they are for: where they are missing, there is nothing to miss.
CAME_LATER: Final = frozenset(
    {
        *("date_edited", "date_retracted", "was_detonated"),  # 13
        *("associated_message_emoji", "schedule_type"),  # 15
        "filter_action",  # 27
    }
)


def costs_of(missing: Iterable[str]) -> str:
    """Return each missing column with what it costs."""
    return "; ".join(f"{name} ({COSTS.get(name, 'not known')})" for name in missing)
