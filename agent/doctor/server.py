"""Asks the server, over both of the ways that the agent uses: REST for pairing, gRPC for everything else."""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx

from agent import __version__
from agent.client import ServerClient, open_channel
from agent.credential import Credential
from agent.doctor.finding import Finding, Level
from agent.errors import AgentError, NotPaired
from agent.pairing import rest_client
from agent.server_url import ServerUrl

_TOLERATED_SKEW: Final = timedelta(seconds=30)
_SERVING: Final = "PART_STATUS_SERVING"


@dataclass(frozen=True, slots=True)
class ServerLook:
    """What was found, and whether the server answers at all."""

    findings: tuple[Finding, ...]
    answers: bool


async def examine_server(
    server: ServerUrl, ca_file: Path | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> ServerLook:
    """Ask the server how it is, and what time it is there."""
    try:
        async with rest_client(server, ca_file) as client:
            asked = time.monotonic()
            response = await client.get("/health")
            half_way = timedelta(seconds=(time.monotonic() - asked) / 2)
    except AgentError as error:
        return ServerLook((Finding("server", Level.FAIL, str(error), "correct `ca_file` in the settings"),), False)
    except httpx.TransportError as error:
        return ServerLook((_unreachable(server, error),), False)
    health = _json(response)
    if "version" not in health and "status" not in health:
        saw = f"what answers at {server} is no Conversation Assistant (HTTP {response.status_code})"
        return ServerLook((Finding("server", Level.FAIL, saw, "correct `server` in the settings"),), False)
    return ServerLook((*_of_health(server, health), *_of_clock(response, now() - half_way)), True)


async def examine_token(
    server: ServerUrl, ca_file: Path | None, credential: Credential, *, rest_answers: bool
) -> Finding:
    """Call the server with the token, over gRPC, for nothing but its answer."""
    until = f"{credential.expires_at.astimezone():%Y-%m-%d %H:%M}"
    try:
        async with open_channel(server, ca_file) as channel:
            await ServerClient(channel, server, credential).sync_state()
    except NotPaired as error:
        return Finding("token", Level.FAIL, str(error), "assistant-agent pair")
    except AgentError as error:
        if rest_answers:
            do = "a proxy in front of the server must pass HTTP/2 with trailers on to it"
            return Finding("token", Level.FAIL, f"REST works, and gRPC does not: {error}", do)
        return Finding("token", Level.WARN, f"good until {until}; the server could not be asked")
    if credential.is_expired(datetime.now(UTC)):
        return Finding("token", Level.OK, f"accepted, although it ended at {until} by this machine's clock")
    return Finding("token", Level.OK, f"accepted; good until {until}, renewed two days before")


def _of_health(server: ServerUrl, health: dict[str, Any]) -> Iterator[Finding]:
    version = str(health.get("version", "unknown"))
    if version == __version__:
        yield Finding("server", Level.OK, f"{server} answers, version {version}")
    else:
        saw = f"{server} answers, version {version}; this agent is {__version__}"
        yield Finding("server", Level.WARN, saw, "update the older one")
    parts = health.get("parts") or []
    away = [str(part.get("name")) for part in parts if isinstance(part, dict) and part.get("status") != _SERVING]
    if away:
        yield Finding("server-parts", Level.WARN, f"not all of it works: {', '.join(away)}", "assistant status, there")


def _of_clock(response: httpx.Response, now: datetime) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        yield Finding("clock", Level.WARN, "the server's answer has no time", "")
        return
    # The header has whole seconds, cut off.
    skew = now - (there + timedelta(seconds=0.5))
    if abs(skew) <= _TOLERATED_SKEW:
        yield Finding("clock", Level.OK, "agrees with the server's")
        return
    direction = "ahead of" if skew > timedelta() else "behind"
    yield Finding(
        "clock",
        Level.WARN,
        f"{abs(skew).total_seconds():,.0f} s {direction} the server's",
        "set both to network time: System Settings > General > Date & Time",
    )


def _unreachable(server: ServerUrl, error: httpx.TransportError) -> Finding:
    refusal = _certificate_error(error)
    if refusal is not None:
        saw = f"{server}: its certificate is not trusted: {refusal.verify_message}"
        do = "name its certificate authority as `ca_file`, or give the server a certificate for the name in `server`"
        return Finding("tls", Level.FAIL, saw, do)
    if server.secure and any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        saw = f"{server} does not speak TLS as it should ({error})"
        return Finding("tls", Level.FAIL, saw, "is it http there? The server needs --tls-cert and --tls-key")
    saw = f"no answer from {server} ({str(error) or type(error).__name__})"
    return Finding("server", Level.FAIL, saw, "is the server running, and reachable from this network?")


def _certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
