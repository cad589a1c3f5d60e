"""What is wrong with an ingest request, in the contract's words."""

from __future__ import annotations

from google.protobuf.message import Message

from svc_kit.errors import InvalidInput
from svc_kit.validation import violations_of

# A thousand wrong messages are told by the first few; the rest would not fit in a trailer.
_TOLD = 10


class Refused(Exception):
    """A part of a request breaks a rule; `field` is its path within that part, empty when the contract's rules tell."""

    def __init__(self, field: str = "", what: str = "") -> None:
        super().__init__(field)
        self.field = field
        self.what = what


def invalid_input(request: Message, place: str, refused: Refused) -> InvalidInput:
    """The error for a request of which the part at `place` was refused, e.g. `messages[3].imessage_guid`."""
    violations = violations_of(request)[:_TOLD]
    if violations:
        return InvalidInput.of(violations)
    return InvalidInput(f"{place}.{refused.field}" if refused.field else place, refused.what or "is not valid")
