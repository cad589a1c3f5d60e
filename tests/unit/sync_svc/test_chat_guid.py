"""What a chat's GUID tells."""

from uuid import UUID

import pytest

from sync_svc.domain.chat_guid import as_server_id, conversation_from_guid


@pytest.mark.parametrize(
    ("guid", "is_group", "service", "participants"),
    [
        ("iMessage;-;+15550100", False, "iMessage", ("+15550100",)),
        ("any;-;ana@example.com", False, "", ("ana@example.com",)),
        ("SMS;+;chat42", True, "SMS", ()),
        ("something else", False, "", ()),
        ("iMessage;-;", False, "iMessage", ()),
    ],
)
def test_a_guid_tells_the_kind_of_chat(guid, is_group, service, participants):
    guessed = conversation_from_guid(guid)

    assert (guessed.is_group, guessed.service, guessed.participants) == (is_group, service, participants)
    assert not guessed.is_complete


def test_only_a_uuid_is_an_id_of_the_server():
    text = "0190a5c0-0000-7000-8000-000000000001"

    assert as_server_id(text) == UUID(text)
    assert as_server_id("iMessage;-;+15550100") is None
    assert as_server_id("x" * 36) is None
