"""App balloons: what they are called, by their bundle id."""

from typing import Final

from agent.chatdb.records import AppBalloon

LINK: Final = "com.apple.messages.URLBalloonProvider"

_LABELS: Final = {
    LINK: "Link",
    "com.apple.Handwriting.HandwritingProvider": "Handwritten message",
    "com.apple.DigitalTouchBalloonProvider": "Digital Touch",
    "com.apple.PassbookUIService.PeerPaymentMessagesExtension": "Apple Cash",
    "com.apple.ActivityMessagesApp.MessagesExtension": "Fitness",
    "com.apple.mobileslideshow.PhotosMessagesApp": "Photos",
    "com.apple.SafetyMonitorApp.SafetyMonitorMessages": "Check In",
    "com.apple.findmy.FindMyMessagesApp": "Find My",
    "com.apple.icloud.apps.messages.business.extension": "Business",
    "com.apple.messages.Polls": "Poll",
}
# For ids that carry these words in a longer one, as they do from version to version.
_WORDS: Final = (
    ("Handwriting", "Handwritten message"),
    ("DigitalTouch", "Digital Touch"),
    ("PeerPayment", "Apple Cash"),
    ("ActivityMessages", "Fitness"),
    ("PhotosMessagesApp", "Photos"),
    ("SafetyMonitor", "Check In"),
    ("findmy", "Find My"),
    ("business", "Business"),
    ("Polls", "Poll"),
)
_MAX_ID: Final = 300
_MAX_LABEL: Final = 200


def bundle_id_of(balloon: str) -> str:
    """Return the app's own id: `<plugin>:<team>:<bundle id>` is how extensions of other makers are written."""
    parts = balloon.split(":", 2)
    return parts[2] if len(parts) == 3 else balloon


def app_balloon(balloon: str) -> AppBalloon:
    """Return what a `balloon_bundle_id` stands for; the last word of an unknown app's id is its label."""
    bundle_id = bundle_id_of(balloon)
    return AppBalloon(bundle_id[:_MAX_ID], _label(bundle_id)[:_MAX_LABEL])


def _label(bundle_id: str) -> str:
    known = _LABELS.get(bundle_id)
    if known is not None:
        return known
    for word, label in _WORDS:
        if word in bundle_id:
            return label
    words = [
        word for word in bundle_id.split(".") if word not in ("MessagesExtension", "messages", "extension", "ext", "")
    ]
    return words[-1] if words else ""
