"""Pairs this device with a server: register, show six digits, wait until the owner typed them, keep the token."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx

from agent.credential import Credential
from agent.errors import AgentError, NotPaired, ServerAway, UsageError
from agent.machine import Machine
from agent.server_url import ServerUrl, is_loopback

POLL_SECONDS: Final = 2.0  # well below what the server's rate limit on verification allows
_TIMEOUT_SECONDS: Final = 10.0
_PENDING: Final = "PENDING_APPROVAL"
_BUSY_STATUSES: Final = {429, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration that waits for its owner."""

    device_id: str
    code: str
    expires_at: datetime
    lives_seconds: float = 600.0
    """How long it waits, by the server's clock, which need not be this machine's."""


def rest_client(server: ServerUrl, ca_file: Path | None = None) -> httpx.AsyncClient:
    """Return a client for the server's REST interface."""
    try:
        verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca-file {ca_file} is not a certificate in PEM form") from error
    return httpx.AsyncClient(
        base_url=str(server),
        timeout=_TIMEOUT_SECONDS,
        verify=verify,
        trust_env=not is_loopback(server.host),  # a proxy never leads back to this machine
    )


async def pair(
    client: httpx.AsyncClient,
    server: ServerUrl,
    machine: Machine,
    show: Callable[[Registration], None],
    poll_seconds: float = POLL_SECONDS,
) -> Credential:
    """Return a token once the owner has approved the digits that `show` presents."""
    registration = await _register(client, machine)
    show(registration)
    return await _wait_for_approval(client, server, registration, poll_seconds)


async def _register(client: httpx.AsyncClient, machine: Machine) -> Registration:
    body = {
        "name": machine.name,
        "hardwareId": machine.hardware_id,
        "platform": machine.platform,
        "osVersion": machine.os_version,
    }
    response = await _post(client, "/api/devices/register", body)
    if response.is_error:
        raise _refusal(response)
    answer = _json(response)
    try:
        expires_at = datetime.fromisoformat(answer["expiresAt"])
        lives = expires_at - _server_time(response)
        return Registration(answer["deviceId"], answer["code"], expires_at, lives.total_seconds())
    except (KeyError, TypeError, ValueError) as error:
        raise _not_our_server(response) from error


async def _wait_for_approval(
    client: httpx.AsyncClient, server: ServerUrl, registration: Registration, poll_seconds: float
) -> Credential:
    body = {"deviceId": registration.device_id, "code": registration.code}
    ends_at = time.monotonic() + registration.lives_seconds
    while time.monotonic() < ends_at:
        await asyncio.sleep(poll_seconds)
        try:
            response = await _post(client, "/api/devices/verify", body)
        except ServerAway:
            continue  # the registration outlives a restart of the server
        if response.is_success:
            return _credential(server, registration, response)
        if response.status_code not in _BUSY_STATUSES and _reason(response) != _PENDING:
            raise NotPaired(f"the server ended this registration ({_message(response)}); run pair again for new digits")
    raise NotPaired("nobody typed the digits in time; run pair again for new ones")


def _credential(server: ServerUrl, registration: Registration, response: httpx.Response) -> Credential:
    answer = _json(response)
    try:
        expires_at = datetime.fromisoformat(answer["expiresAt"])
        return Credential(str(server), registration.device_id, answer["token"], expires_at)
    except (KeyError, TypeError, ValueError) as error:
        raise _not_our_server(response) from error


async def _post(client: httpx.AsyncClient, path: str, body: dict[str, str]) -> httpx.Response:
    try:
        return await client.post(path, json=body)
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise ServerAway(f"no answer from {client.base_url.host} ({reason}); is the server running there?") from error


def _refusal(response: httpx.Response) -> AgentError:
    if response.status_code in _BUSY_STATUSES:
        return ServerAway(f"the server takes no registration now ({_message(response)}); try again in a minute")
    if not _json(response):
        return _not_our_server(response)
    return AgentError(f"the server refused the registration: {_message(response)}")


def _not_our_server(response: httpx.Response) -> AgentError:
    return AgentError(
        f"what answers at {response.url.host} is not a Conversation Assistant (HTTP {response.status_code}); check --server"
    )


def _message(response: httpx.Response) -> str:
    message = _json(response).get("message")
    return str(message) if message else f"HTTP {response.status_code}"


def _reason(response: httpx.Response) -> str:
    """Return the reason in the answer's google.rpc.ErrorInfo, or nothing."""
    for detail in _json(response).get("details") or []:
        if isinstance(detail, dict) and detail.get("@type", "").endswith("google.rpc.ErrorInfo"):
            return str(detail.get("reason", ""))
    return ""


def _server_time(response: httpx.Response) -> datetime:
    try:
        return parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
