"""REST through the real Envoy: answers, refusals and their shape."""

import httpx
import pytest

from stack.edge.settings import RateLimit
from stack.ports import free_port
from tests.deadline import eventually
from tests.integration.envoy.backend import UNKNOWN_ID
from tests.integration.envoy.edge import running_edge


async def test_a_public_rpc_needs_no_token(http):
    answer = await http.post("/api/devices/register", json={"name": "Mac"})

    assert (answer.status_code, answer.json()) == (200, {"deviceId": "1", "code": "123456"})


async def test_a_stale_cookie_is_no_obstacle_to_signing_in(http):
    answer = await http.post("/api/auth/signin", json={"password": "x"}, headers={"cookie": "assistant_session=stale"})

    assert answer.status_code == 200
    assert answer.headers["set-cookie"].startswith("assistant_session=made-here; HttpOnly; SameSite=Strict")


async def test_everything_else_needs_a_token(http):
    answer = await http.get("/api/devices")

    assert answer.status_code == 401
    assert answer.json() == {
        "code": 16,
        "message": "Jwt is missing",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "UNAUTHENTICATED",
                "domain": "conversation-assistant",
            }
        ],
    }


async def test_a_token_in_the_header_is_enough(http, edge):
    answer = await http.get("/api/auth/session", headers=edge.bearer())

    assert answer.json() == {"account": {"name": "owner"}}


async def test_a_token_in_the_cookie_is_enough(http, edge):
    answer = await http.get("/api/auth/session", headers={"cookie": f"assistant_session={edge.token()}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"lifetime": -3600}, 401),
        ({"iss": "somebody-else"}, 401),
        ({"aud": "assistant-internal"}, 403),
    ],
)
async def test_an_expired_or_foreign_token_is_refused(http, edge, changes, status):
    answer = await http.get("/api/devices", headers=edge.bearer(**changes))

    assert (answer.status_code, answer.json()["code"]) == (status, {401: 16, 403: 7}[status])


async def test_a_token_signed_by_another_key_is_refused(http, edge, backend, scratch):
    with running_edge(scratch, backend[0]) as other:
        answer = await http.get("/api/devices", headers=other.bearer())

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path", ["//api/devices", "/%61pi/devices", "/x/../api/devices", "/api/./devices", "/api%2Fdevices"]
)
async def test_another_spelling_of_a_path_is_no_way_around_the_token(http, edge, path):
    url = httpx.URL(edge.url).copy_with(raw_path=path.encode())

    answer = await http.get(url)

    assert answer.status_code in (400, 401)


async def test_an_error_of_a_service_keeps_its_details(http, edge):
    answer = await http.get(f"/api/devices/{UNKNOWN_ID}", headers=edge.bearer())

    assert answer.status_code == 404
    assert answer.json() == {
        "code": 5,
        "message": "no such device",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "NOT_FOUND",
                "domain": "conversation-assistant",
            }
        ],
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/no/such/path", 404, 5),
        ("PUT", "/api/devices", 404, 5),
        ("GET", "/api/devices?bogus=1", 400, 3),
        ("POST", "/api/devices/approve", 400, 3),
    ],
)
async def test_what_envoy_refuses_itself_has_the_shape_of_every_error(http, edge, method, path, status, code):
    content = b"{not json" if method == "POST" else None

    answer = await http.request(method, path, content=content, headers=edge.bearer())

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == code


async def test_a_body_beyond_the_limit_is_refused(http, edge):
    answer = await http.post("/api/devices/register", json={"name": "x" * 9_000_000})

    assert answer.status_code == 413
    assert answer.json()["details"][0]["reason"] == "TOO_LARGE"


async def test_a_service_that_is_away_is_unavailable(scratch):
    with running_edge(scratch, free_port()) as edge:
        async with httpx.AsyncClient(base_url=edge.url, trust_env=False) as client:
            answer = await client.get("/api/devices", headers=edge.bearer())

    assert (answer.status_code, answer.json()["code"]) == (503, 14)
    assert answer.json()["message"] == "a part of the server does not answer; try again in a moment"


async def test_too_many_tries_from_one_address_are_refused_with_a_time_to_wait(backend, scratch):
    limits = {"assistant.device.v1.AuthService/SignIn": RateLimit(burst=2, seconds_per_request=30)}

    with running_edge(scratch, backend[0], rate_limits=limits) as edge:
        async with httpx.AsyncClient(base_url=edge.url, trust_env=False) as client:
            answers = [
                await client.post(f"/api/auth/signin{query}", json={"password": "x"}) for query in ("", "?", "?x=1", "")
            ]
            other = await client.post("/api/devices/register", json={"name": "Mac"})

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].json()["code"] == 8
    assert answers[-1].headers["retry-after"] == "30"
    assert other.status_code == 200


async def test_a_unary_call_gets_a_deadline(http, edge):
    answer = await http.get("/api/devices/1", headers=edge.bearer())

    assert 20 < int(answer.json()["device"]["messageCount"]) < 30


async def test_a_large_answer_is_compressed_for_who_asks(http, edge):
    answer = await http.get("/api/devices", headers={**edge.bearer(), "accept-encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["devices"]) == 20


async def test_a_page_of_another_program_on_this_machine_cannot_change_anything(http, edge):
    headers = {"cookie": f"assistant_session={edge.token()}", "sec-fetch-site": "same-site"}

    refused = await http.post("/api/devices/approve", json={"code": "123456"}, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (403, 7)


async def test_each_answer_names_its_request(http):
    answer = await http.get("/api/devices")

    assert answer.headers["x-request-id"]


async def test_the_access_log_holds_no_query(http, edge):
    await http.get("/api/messages:search", params={"query": "canary-of-the-test"}, headers=edge.bearer())
    probe = await http.get("/api/devices", headers=edge.bearer())

    await eventually(
        lambda: any(entry.get("request_id") == probe.headers["x-request-id"] for entry in edge.access_log())
    )
    searches = [entry for entry in edge.access_log() if entry.get("path") == "/api/messages:search"]
    assert searches[0]["rpc"] == "/assistant.sync.v1.ConversationsService/SearchMessages"
    assert "canary-of-the-test" not in edge.log.read_text()
