"""Whether the public port answers, asked over real connections."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest

from stack.ports import free_port
from stack.supervisor.part import Health
from stack.supervisor.readiness import answers_while_alive, http_answers, socket_answers
from tests.integration.envoy.test_validate import made_certificate


@asynccontextmanager
async def answering(status_line, secured=None):
    """The port of a server that answers every request so."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status_line}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=secured)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("status_line", "health"), [("200 OK", Health.READY), ("503 Service Unavailable", Health.LIMITED)]
)
async def test_the_answer_tells_how_it_is(status_line, health):
    async with answering(status_line) as port:
        result = await http_answers("127.0.0.1", port, "/readyz")()

    assert result.health is health


async def test_where_nothing_listens_there_is_silence():
    assert (await http_answers("127.0.0.1", free_port(), "/readyz")()).health is Health.SILENT


async def test_a_certificate_of_the_public_name_is_no_obstacle(tmp_path):
    certificate = made_certificate(tmp_path)
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(certificate.chain, certificate.key)

    async with answering("200 OK", secured) as port:
        over_tls = await http_answers("127.0.0.1", port, "/readyz", tls=True)()
        in_the_clear = await http_answers("127.0.0.1", port, "/readyz")()

    assert (over_tls.health, in_the_clear.health) == (Health.READY, Health.SILENT)


async def test_a_process_that_lives_but_takes_no_connection_is_not_silent(tmp_path):
    async def answer(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()
        writer.close()

    closed = http_answers("127.0.0.1", free_port(), "/readyz")
    alive = socket_answers(tmp_path / "admin", "/ready")
    check = answers_while_alive(closed, alive, "takes no new connections")
    async with await asyncio.start_unix_server(answer, tmp_path / "admin"):
        living = await check()
    dead = await check()

    assert (living.health, living.detail) == (Health.LIMITED, "takes no new connections")
    assert dead.health is Health.SILENT
