"""Server-sent events, gRPC and gRPC-Web on the same port."""

import struct

import grpc
import pytest
from assistant.device.v1 import auth_pb2, auth_pb2_grpc, devices_pb2, devices_pb2_grpc
from assistant.inference.v1 import responses_pb2, responses_pb2_grpc, worker_pb2, worker_pb2_grpc
from assistant.sync.v1 import sync_pb2, sync_pb2_grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.integration.envoy.backend import UNKNOWN_ID


def channel_to(edge):
    return grpc.aio.insecure_channel(edge.address, options=[("grpc.enable_http_proxy", 0)])


def metadata(edge):
    return (("authorization", f"Bearer {edge.token()}"),)


async def test_each_event_arrives_before_the_next_one_is_made(http, edge, backend):
    _, responses = backend
    responses.first_was_seen.clear()

    async with http.stream("POST", "/api/responses/stream", json={"messageId": "1"}, headers=edge.bearer()) as answer:
        events = (line async for line in answer.aiter_lines() if line)
        first = await anext(events)
        responses.first_was_seen.set()
        rest = [line async for line in events]

    assert answer.headers["content-type"] == "text/event-stream"
    assert [first, *rest] == ['data: {"token":{"text":"first"}}', 'data: {"token":{"text":"second"}}']


async def test_a_failure_before_the_first_event_is_a_plain_error(http, edge):
    answer = await http.post("/api/responses/stream", json={"messageId": UNKNOWN_ID}, headers=edge.bearer())

    assert (answer.status_code, answer.json()) == (404, {"code": 5, "message": "no such message"})


async def test_grpc_works_on_the_same_port(edge):
    async with channel_to(edge) as channel:
        answer = await auth_pb2_grpc.AuthServiceStub(channel).GetSession(
            auth_pb2.GetSessionRequest(), metadata=metadata(edge)
        )

    assert answer.account.name == "owner"


async def test_grpc_streams_both_ways(edge, backend):
    backend[1].first_was_seen.set()

    async with channel_to(edge) as channel:
        stub = responses_pb2_grpc.ResponsesServiceStub(channel)
        request = responses_pb2.StreamResponseRequest(message_id="1")
        tokens = [event.token.text async for event in stub.StreamResponse(request, metadata=metadata(edge))]
        batches = (sync_pb2.SyncMessagesRequest() for _ in range(3))
        summary = await sync_pb2_grpc.SyncServiceStub(channel).SyncMessages(batches, metadata=metadata(edge))

    assert tokens == ["first", "second"]
    assert summary == sync_pb2.SyncMessagesResponse()


async def test_grpc_without_a_token_is_unauthenticated(edge):
    async with channel_to(edge) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await devices_pb2_grpc.DevicesServiceStub(channel).ListDevices(devices_pb2.ListDevicesRequest())

    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert refused.value.details() == "Jwt is missing"


async def test_an_internal_rpc_cannot_be_reached_even_with_a_token(edge):
    async with channel_to(edge) as channel:
        calls = [
            auth_pb2_grpc.AuthServiceStub(channel).CheckToken(auth_pb2.CheckTokenRequest(), metadata=metadata(edge)),
            worker_pb2_grpc.WorkerServiceStub(channel).Status(worker_pb2.StatusRequest(), metadata=metadata(edge)),
        ]
        codes = [await call.code() for call in calls]

    assert codes == [grpc.StatusCode.UNIMPLEMENTED] * 2


async def test_an_internal_rpc_cannot_be_reached_by_its_name_over_rest(http, edge):
    answer = await http.post("/assistant.device.v1.AuthService/CheckToken", json={}, headers=edge.bearer())

    assert answer.status_code == 404


async def test_a_client_with_only_reflection_finds_the_whole_api(edge):
    # The synchronous client, because the descriptor database knows no other.
    with grpc.insecure_channel(edge.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        service = DescriptorPool(database).FindServiceByName("assistant.training.v1.SamplesService")

        assert "assistant.inference.v1.ResponsesService" in database.get_services()
    assert "ListSamples" in service.methods_by_name


async def test_grpc_web_works_on_the_same_port(http, edge):
    message = auth_pb2.GetSessionRequest().SerializeToString()
    frame = struct.pack(">BI", 0, len(message)) + message

    answer = await http.post(
        "/assistant.device.v1.AuthService/GetSession",
        content=frame,
        headers={**edge.bearer(), "content-type": "application/grpc-web+proto", "x-grpc-web": "1"},
    )

    length = struct.unpack(">BI", answer.content[:5])[1]
    assert auth_pb2.GetSessionResponse.FromString(answer.content[5 : 5 + length]).account.name == "owner"
    assert b"grpc-status:0" in answer.content[5 + length :]
