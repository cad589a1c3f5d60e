"""A gRPC client that knows nothing but the server's reflection does the product's main job over the one port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.e2e.product import PASSWORD, Product


class ReflectedClient:
    """Calls methods by name with plain dictionaries; every type comes from the server."""

    def __init__(self, channel: grpc.Channel) -> None:
        database = ProtoReflectionDescriptorDatabase(channel)
        self.services = set(database.get_services())
        self._pool = descriptor_pool.DescriptorPool(database)
        self._channel = channel

    def call(self, method: str, request: dict[str, Any], token: str = "") -> Any:
        """A unary call: `method` is "package.Service/Method"."""
        found, path = self._find(method)
        stub = self._channel.unary_unary(path, _serialize, self._parser(found))
        return stub(self._message(found, request), metadata=_metadata(token), timeout=30)

    def upload(self, method: str, requests: list[dict[str, Any]], token: str) -> Any:
        """A client-streaming call."""
        found, path = self._find(method)
        stub = self._channel.stream_unary(path, _serialize, self._parser(found))
        messages = (self._message(found, request) for request in requests)
        return stub(messages, metadata=_metadata(token), timeout=30)

    def stream(self, method: str, request: dict[str, Any], token: str) -> Iterator[Any]:
        """A server-streaming call."""
        found, path = self._find(method)
        stub = self._channel.unary_stream(path, _serialize, self._parser(found))
        yield from stub(self._message(found, request), metadata=_metadata(token), timeout=60)

    def _find(self, method: str) -> tuple[MethodDescriptor, str]:
        service, _, name = method.partition("/")
        return self._pool.FindServiceByName(service).methods_by_name[name], f"/{method}"

    def _message(self, method: MethodDescriptor, fields: dict[str, Any]) -> Any:
        return message_factory.GetMessageClass(method.input_type)(**fields)

    def _parser(self, method: MethodDescriptor) -> Any:
        return message_factory.GetMessageClass(method.output_type).FromString


def _serialize(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _metadata(token: str) -> tuple[tuple[str, str | bytes], ...]:
    return (("authorization", f"Bearer {token}"),) if token else ()


@pytest.fixture
def client(product: Product) -> Iterator[ReflectedClient]:
    with grpc.insecure_channel(f"127.0.0.1:{product.port}") as channel:
        yield ReflectedClient(channel)


def test_reflection_is_enough_to_register_sync_draft_and_accept(client: ReflectedClient) -> None:
    device_v1, sync_v1, inference_v1 = "assistant.device.v1", "assistant.sync.v1", "assistant.inference.v1"
    owner = client.call(f"{device_v1}.AuthService/SignIn", {"password": PASSWORD}).token
    described = {"name": "Reflected", "hardware_id": "reflected-0001", "platform": "linux"}
    registered = client.call(f"{device_v1}.DevicesService/RegisterDevice", described)
    client.call(f"{device_v1}.DevicesService/ApproveDevice", {"code": registered.code}, owner)
    proof = {"device_id": registered.device_id, "code": registered.code}
    device = client.call(f"{device_v1}.DevicesService/VerifyDevice", proof).token

    message = {
        "imessage_guid": "reflected-1",
        "conversation_id": "iMessage;-;reflected@example.com",
        "sender_id": "reflected@example.com",
        "direction": 1,
        "text": "Do you still have the long ladder?",
        "sent_at": {"seconds": 1_767_000_000},
    }
    chat = {"conversation_id": message["conversation_id"], "display_name": "Ladder"}
    summary = client.upload(
        f"{sync_v1}.SyncService/SyncMessages", [{"conversations": [chat], "messages": [message]}], device
    )
    found = client.call(f"{sync_v1}.ConversationsService/SearchMessages", {"query": "long ladder"}, owner)
    request = {"message_id": found.hits[0].message.message_id, "sampling": {"max_tokens": 16}}
    events = list(client.stream(f"{inference_v1}.ResponsesService/StreamResponse", request, owner))
    done = events[-1].done
    acted = client.call(
        f"{inference_v1}.ResponsesService/ActOnResponse", {"response_id": done.response_id, "action": 1}, owner
    )

    assert summary.inserted == 1
    assert [event.WhichOneof("event") for event in events].count("token") >= 1
    assert done.last
    assert acted.response.response == done.response


def test_internal_services_are_not_shown_and_not_reachable(client: ReflectedClient) -> None:
    assert "assistant.device.v1.AuthService" in client.services
    assert "assistant.inference.v1.WorkerService" not in client.services

    owner = client.call("assistant.device.v1.AuthService/SignIn", {"password": PASSWORD}).token
    with pytest.raises(grpc.RpcError) as refused:
        client.call("assistant.device.v1.AuthService/CheckToken", {"role": "owner"}, owner)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
