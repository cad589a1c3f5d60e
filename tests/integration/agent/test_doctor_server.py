"""What the doctor finds of a server: over REST and over gRPC, as the agent itself would."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent import __version__
from agent.credential import Credential
from agent.doctor.finding import Level
from agent.doctor.server import ServerLook, examine_server, examine_token
from agent.server_url import ServerUrl, parse_server_url
from tests.integration.agent.scripted_server import Script, serving

WELL = {"status": "PART_STATUS_SERVING", "version": __version__, "parts": []}


@contextmanager
def rest(answer: Any, *, skew: timedelta = timedelta(), tls: ssl.SSLContext | None = None) -> Iterator[ServerUrl]:
    """Serve /health with this answer, on a server whose clock is wrong by `skew`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response_only(200)
            self.send_header("date", format_datetime(datetime.now(UTC) + skew, usegmt=True))
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that does not trust the certificate hangs up

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield parse_server_url(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def level(look: ServerLook, check: str) -> Level:
    return next(finding.level for finding in look.findings if finding.check == check)


def saw(look: ServerLook) -> str:
    return " | ".join(f"{finding.saw} → {finding.do}" for finding in look.findings)


async def test_a_well_server_is_well():
    with rest(WELL) as server:
        look = await examine_server(server, None)

    assert look.answers
    assert {finding.check: finding.level for finding in look.findings} == {"server": Level.OK, "clock": Level.OK}
    assert f"version {__version__}" in saw(look)


async def test_another_version_and_a_part_that_is_away_are_told():
    parts = [{"name": "worker", "status": "PART_STATUS_NOT_SERVING"}, {"name": "redis", "status": WELL["status"]}]
    with rest({"status": "PART_STATUS_NOT_SERVING", "version": "9.9", "parts": parts}) as server:
        look = await examine_server(server, None)

    assert level(look, "server") is Level.WARN
    assert level(look, "server-parts") is Level.WARN
    assert "not all of it works: worker" in saw(look)


@pytest.mark.parametrize(
    ("skew", "says"),
    [(timedelta(minutes=-2), "s ahead of the server's"), (timedelta(hours=1), "s behind the server's")],
)
async def test_a_wrong_clock_is_told_with_its_amount_and_direction(skew: timedelta, says: str):
    with rest(WELL, skew=skew) as server:
        look = await examine_server(server, None)

    assert level(look, "clock") is Level.WARN
    assert says in saw(look)


async def test_a_second_or_two_are_nothing():
    with rest(WELL, skew=timedelta(seconds=20)) as server:
        assert level(await examine_server(server, None), "clock") is Level.OK


@pytest.mark.parametrize("answer", [b"<html>", [1], {"hello": 1}])
async def test_something_else_at_the_address_is_told(answer: Any):
    with rest(answer) as server:
        look = await examine_server(server, None)

    assert not look.answers
    assert "is no Conversation Assistant" in saw(look)


async def test_nobody_at_the_address_is_told():
    with rest(WELL) as server:
        pass

    look = await examine_server(server, None)

    assert not look.answers
    assert "no answer from" in saw(look)


async def test_a_certificate_that_nobody_vouches_for_is_named(tmp_path: Path):
    with rest(WELL, tls=certificate(tmp_path, "127.0.0.1")) as server:
        look = await examine_server(server, None)
        trusting = await examine_server(server, tmp_path / "certificate.pem")

    assert level(look, "tls") is Level.FAIL
    assert "certificate is not trusted: self-signed certificate" in saw(look)
    assert trusting.answers


async def test_a_certificate_for_another_name_is_named(tmp_path: Path):
    with rest(WELL, tls=certificate(tmp_path, "10.1.2.3")) as server:
        look = await examine_server(server, tmp_path / "certificate.pem")

    assert "IP address mismatch" in saw(look)


async def test_http_where_https_is_wanted_is_named():
    with rest(WELL) as server:
        look = await examine_server(ServerUrl("https", server.host, server.port), None)

    assert level(look, "tls") is Level.FAIL
    assert "is it http there?" in saw(look)


async def test_a_ca_file_that_is_none_is_told(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("no")

    look = await examine_server(parse_server_url("https://127.0.0.1:9"), tmp_path / "ca.pem")

    assert "not a certificate" in saw(look)


def credential(port: int, token: str = "token-1", days: float = 7) -> Credential:  # noqa: S107 (of a test)
    return Credential(f"http://127.0.0.1:{port}", "device-1", token, datetime.now(UTC) + timedelta(days=days))


async def test_a_good_token_is_accepted():
    async with serving(Script()) as port:
        server = parse_server_url(f"http://127.0.0.1:{port}")
        finding = await examine_token(server, None, credential(port), rest_answers=True)

    assert finding.level is Level.OK


async def test_a_refused_token_says_to_pair():
    async with serving(Script(token="another")) as port:
        server = parse_server_url(f"http://127.0.0.1:{port}")
        finding = await examine_token(server, None, credential(port), rest_answers=True)

    assert (finding.level, finding.do) == (Level.FAIL, "assistant-agent pair")
    assert "revoked" in finding.saw


async def test_a_token_that_only_this_clock_calls_expired_is_good():
    async with serving(Script()) as port:
        server = parse_server_url(f"http://127.0.0.1:{port}")
        finding = await examine_token(server, None, credential(port, days=-1), rest_answers=True)

    assert finding.level is Level.OK
    assert "by this machine's clock" in finding.saw


@pytest.mark.parametrize(
    ("rest_answers", "level", "says"),
    [(True, Level.FAIL, "REST works, and gRPC does not"), (False, Level.WARN, "could not be asked")],
)
async def test_a_proxy_that_passes_only_rest_is_told_from_a_server_that_is_away(
    rest_answers: bool, level: Level, says: str
):
    async with serving(Script()) as port:
        pass

    server = parse_server_url(f"http://127.0.0.1:{port}")
    finding = await examine_token(server, None, credential(port), rest_answers=rest_answers)

    assert finding.level is level
    assert says in finding.saw


def certificate(folder: Path, address: str) -> ssl.SSLContext:
    """Make a certificate that vouches for itself, as /certificate.pem, and a context that serves it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
