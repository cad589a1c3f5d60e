"""The contract's field rules, and the paths by which they name a field."""

import pytest
from assistant.device.v1 import auth_pb2, devices_pb2
from assistant.sync.v1 import sync_pb2
from google.protobuf.message import Message

from svc_kit.validation import violations_of


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (auth_pb2.SignInRequest(password="right"), []),
        (auth_pb2.SignInRequest(), ["password"]),
        (devices_pb2.RegisterDeviceRequest(), ["name", "hardware_id", "platform"]),
        (devices_pb2.VerifyDeviceRequest(device_id="7", code="12"), ["device_id", "code"]),
    ],
)
def test_every_wrong_field_is_named(message: Message, fields: list[str]):
    assert [field for field, _ in violations_of(message)] == fields


def test_a_field_of_a_list_is_named_with_its_place():
    request = sync_pb2.SyncMessagesRequest()
    request.messages.add(imessage_guid="g")
    request.messages.add()

    assert any(field.startswith("messages[1].") for field, _ in violations_of(request))


def test_what_was_sent_is_not_quoted():
    request = auth_pb2.SignInRequest(account="something private" * 10, password="secret" * 200)

    assert "private" not in str(violations_of(request))
    assert "secret" not in str(violations_of(request))
