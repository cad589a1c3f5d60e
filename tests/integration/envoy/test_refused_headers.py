"""Headers that gRPC reads itself: they harm neither the request of a REST caller nor the requests of others."""

import struct
from collections import Counter

import pytest
from assistant.device.v1 import devices_pb2

# Names that the C core of gRPC parses, and values that it cannot.
UNREADABLE = [
    ("grpc-timeout", "xx"),
    ("grpc-timeout", ""),
    ("grpc-timeout", "99999999999S"),
    ("grpc-timeout", "1S,2S"),
    ("grpc-encoding", "nonsense"),
    ("grpc-accept-encoding", "nonsense"),
    ("grpc-status", "nonsense"),
    ("grpc-message", "%zz"),
    ("grpc-message-type", "nonsense"),
    ("grpc-previous-rpc-attempts", "nonsense"),
    ("grpc-retry-pushback-ms", "nonsense"),
    ("grpc-internal-encoding-request", "nonsense"),
    ("grpc-tags-bin", "!!"),
    ("grpc-trace-bin", "!!"),
    ("lb-cost-bin", "!!"),
    ("lb-token", "nonsense"),
    ("x-anything-bin", "!!"),
    ("te", "nonsense"),
    ("content-encoding", "nonsense"),
    ("x-envoy-original-path", "nonsense"),
    ("x-envoy-upstream-rq-timeout-ms", "1"),
]
GET_DEVICE = "/assistant.device.v1.DevicesService/GetDevice"
GRPC_WEB = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}


async def of_others(http, edge):
    """The statuses of ordinary requests, enough of them to meet every connection to the service."""
    return Counter([(await http.get("/api/devices/1", headers=edge.bearer())).status_code for _ in range(16)])


def framed(message):
    body = message.SerializeToString()
    return struct.pack(">BI", 0, len(body)) + body


def request_for(device_id):
    return framed(devices_pb2.GetDeviceRequest(device_id=device_id))


@pytest.mark.parametrize(("name", "value"), UNREADABLE)
async def test_a_rest_request_is_answered_without_it_and_nobody_else_is_harmed(http, edge, name, value):
    answer = await http.get("/api/devices/7", headers={**edge.bearer(), name: value})

    assert (answer.status_code, answer.json()["device"]["deviceId"]) == (200, "7")
    assert await of_others(http, edge) == {200: 16}


@pytest.mark.parametrize(("name", "value"), UNREADABLE)
async def test_a_grpc_web_request_gets_an_answer_or_a_refusal_and_nobody_else_is_harmed(http, edge, name, value):
    answer = await http.post(GET_DEVICE, content=request_for("7"), headers={**edge.bearer(), **GRPC_WEB, name: value})

    if answer.status_code == 400:
        assert name in answer.headers["grpc-message"]
    else:
        assert b"grpc-status:0" in answer.content
    assert await of_others(http, edge) == {200: 16}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("grpc-timeout", "xx", "3"), ("grpc-timeout", "", "3"), ("grpc-encoding", "nonsense", "12")],
)
async def test_a_grpc_request_is_refused_by_a_status_that_names_the_header(http, edge, name, value, code):
    headers = {**edge.bearer(), "content-type": "application/grpc", "te": "trailers", name: value}

    answer = await http.post(GET_DEVICE, content=request_for("7"), headers=headers)

    assert (answer.status_code, answer.headers["grpc-status"]) == (200, code)
    assert answer.headers["grpc-message"].startswith(f"{name} has to be ")


async def test_a_grpc_client_still_chooses_its_deadline(http, edge):
    headers = {**edge.bearer(), **GRPC_WEB, "grpc-timeout": "5S"}

    answer = await http.post(GET_DEVICE, content=request_for("7"), headers=headers)

    length = struct.unpack(">BI", answer.content[:5])[1]
    # The backend puts the seconds that are left into the count.
    assert devices_pb2.GetDeviceResponse.FromString(answer.content[5 : 5 + length]).device.message_count <= 5


async def test_a_stranger_without_a_token_harms_nobody(http, edge):
    for value in ("xx", "yy") * 6:
        await http.post("/api/devices/register", json={"name": "Mac"}, headers={"grpc-timeout": value})
        await http.get("/health", headers={"grpc-timeout": value})

    assert await of_others(http, edge) == {200: 16}


async def test_health_over_grpc_needs_no_token_and_reads_no_malformed_header(http, edge):
    headers = {"content-type": "application/grpc", "te": "trailers", "grpc-timeout": "xx"}

    answer = await http.post(
        "/grpc.health.v1.Health/Check", content=framed(devices_pb2.GetDeviceRequest()), headers=headers
    )

    assert answer.headers["grpc-status"] == "3"
    assert await of_others(http, edge) == {200: 16}
