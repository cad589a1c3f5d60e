"""Pairing over REST against an HTTP server that says what a test wants it to say."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from agent.credential import Credential
from agent.errors import AgentError, NotPaired, ServerAway
from agent.machine import Machine
from agent.pairing import Registration, pair, rest_client
from agent.server_url import ServerUrl, parse_server_url

MACHINE = Machine("Studio Mac", "hardware-1", "macos", "macOS 15.3")
IN_TEN_MINUTES = (datetime.now(UTC) + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
REGISTERED = (200, {"deviceId": "device-1", "code": "482913", "expiresAt": IN_TEN_MINUTES})
TOKEN = (200, {"token": "a.b.c", "expiresAt": "2026-03-21T10:00:00.123456789Z"})


def refusal(status: int, code: int, message: str, reason: str = "") -> tuple[int, dict[str, Any]]:
    """An error as the server's REST side writes it."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return status, {"code": code, "message": message, "details": details}


PENDING = refusal(400, 9, "waiting for the owner", "PENDING_APPROVAL")


@dataclass
class ScriptedRest:
    """Answers each path with the next of its answers, the last one for ever."""

    answers: dict[str, list[tuple[int, Any]]]
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ahead: timedelta = timedelta()
    """Of this machine's clock."""

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        self.requests.append((path, json.loads(body)))
        answers = self.answers[path]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def serving(
    register: tuple[int, Any], *verify: tuple[int, Any], ahead: timedelta = timedelta()
) -> Iterator[tuple[ServerUrl, ScriptedRest]]:
    answers = {"/api/devices/register": [register], "/api/devices/verify": list(verify)}
    script = ScriptedRest(answers, ahead=ahead)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, answer = script.answer(self.path, self.rfile.read(int(self.headers["content-length"])))
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response_only(status)
            self.send_header("date", format_datetime(datetime.now(UTC) + script.ahead, usegmt=True))
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield parse_server_url(f"http://127.0.0.1:{server.server_port}"), script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def pair_with(server: ServerUrl, shown: list[Registration] | None = None) -> Credential:
    registrations: list[Registration] = [] if shown is None else shown
    async with rest_client(server) as client:
        return await pair(client, server, MACHINE, registrations.append, poll_seconds=0.001)


async def test_the_digits_are_shown_and_the_token_comes_after_the_approval():
    shown: list[Registration] = []

    with serving(REGISTERED, PENDING, PENDING, TOKEN) as (server, script):
        credential = await pair_with(server, shown)

    assert [registration.code for registration in shown] == ["482913"]
    assert (credential.server, credential.device_id, credential.token) == (str(server), "device-1", "a.b.c")
    assert credential.expires_at.date().isoformat() == "2026-03-21"
    assert script.requests[0] == (
        "/api/devices/register",
        {"name": "Studio Mac", "hardwareId": "hardware-1", "platform": "macos", "osVersion": "macOS 15.3"},
    )
    assert script.requests[1:] == [("/api/devices/verify", {"deviceId": "device-1", "code": "482913"})] * 3


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_busy_server_does_not_end_the_waiting(status: int):
    with serving(REGISTERED, (status, b"busy"), TOKEN) as (server, _):
        credential = await pair_with(server)

    assert credential.token == "a.b.c"


async def test_an_ended_registration_ends_the_waiting():
    with (
        serving(REGISTERED, PENDING, refusal(404, 5, "no such registration")) as (server, _),
        pytest.raises(NotPaired, match=r"no such registration\); run pair again"),
    ):
        await pair_with(server)


async def test_digits_that_nobody_types_run_out():
    soon = (datetime.now(UTC) + timedelta(milliseconds=50)).isoformat()
    registered = (200, {"deviceId": "device-1", "code": "482913", "expiresAt": soon})

    with serving(registered, PENDING) as (server, _), pytest.raises(NotPaired, match="nobody typed the digits in time"):
        await pair_with(server)


@pytest.mark.parametrize("ahead", [timedelta(hours=-3), timedelta(hours=3)])
async def test_the_digits_live_by_the_servers_clock(ahead: timedelta):
    expires_at = (datetime.now(UTC) + ahead + timedelta(minutes=10)).isoformat()
    registered = (200, {"deviceId": "device-1", "code": "482913", "expiresAt": expires_at})
    shown: list[Registration] = []

    with serving(registered, PENDING, TOKEN, ahead=ahead) as (server, _):
        credential = await pair_with(server, shown)

    assert credential.token == "a.b.c"
    assert 590 < shown[0].lives_seconds < 610


async def test_a_refused_registration_says_what_the_server_says():
    with (
        serving(refusal(400, 3, "name: too long"), PENDING) as (server, _),
        pytest.raises(AgentError, match="refused the registration: name: too long"),
    ):
        await pair_with(server)


async def test_too_many_registrations_are_worth_another_try():
    with (
        serving(refusal(429, 8, "too many open registrations"), PENDING) as (server, _),
        pytest.raises(ServerAway, match="too many open registrations"),
    ):
        await pair_with(server)


@pytest.mark.parametrize("answer", [(404, b"<html>"), (200, b"<html>"), (200, {"hello": 1}), (200, [1])])
async def test_something_else_at_the_address_is_told(answer: tuple[int, Any]):
    with serving(answer, PENDING) as (server, _), pytest.raises(AgentError, match="is not a Conversation Assistant"):
        await pair_with(server)


async def test_nobody_at_the_address_is_told():
    with serving(REGISTERED, PENDING) as (server, _):
        pass

    with pytest.raises(ServerAway, match=r"no answer from 127\.0\.0\.1"):
        await pair_with(server)
