"""What the benchmarks of sync_svc run against: PostgreSQL, sync_svc in a process of its own, Envoy in front."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import jwt
from assistant.device.v1 import auth_pb2, auth_pb2_grpc, devices_pb2, devices_pb2_grpc
from cryptography.hazmat.primitives.asymmetric import ec

from stack.checkout import ROOT
from stack.edge.binary import envoy_command
from stack.edge.render import write_config
from stack.edge.routes import READY_PATH
from stack.edge.settings import EdgeSettings, Upstream
from stack.embedded.postgres import PostgresInstance, running_postgres
from stack.embedded.running import child_process, wait_until
from stack.launcher import tied_command
from stack.ports import free_port, is_taken
from svc_kit.migrations.runner import migrate, role_of
from svc_kit.settings import DatabaseSettings, from_mapping
from svc_kit.tokens import API_AUDIENCE, ISSUER

DATABASE = "bench"
ROLE_PASSWORD = "password-of-a-benchmark"  # noqa: S105 - of a server that lives as long as the benchmark
INTERNAL_KEY = "the-internal-key-of-a-benchmark-only"
HOST = "127.0.0.1"


@dataclass
class SyncStack:
    """The addresses, and an account with a device token."""

    postgres: PostgresInstance
    sync_address: str
    envoy_address: str
    account_id: UUID
    device_token: str
    owner_token: str

    async def connect(self, user: str = "postgres", password: str | None = None) -> asyncpg.Connection[Any]:
        """A plain connection: the owner's, or another role's."""
        return await asyncpg.connect(
            host=self.postgres.host,
            port=self.postgres.port,
            user=user,
            password=password or self.postgres.owner_password,
            database=DATABASE,
        )

    async def connect_as_service(self) -> asyncpg.Connection[Any]:
        """A plain connection as sync_svc's role, bound by Row-Level Security."""
        return await self.connect(role_of("sync"), ROLE_PASSWORD)

    async def empty(self, owner: asyncpg.Connection[Any]) -> None:
        """Fresh tables, and no write of the last measurement left to do."""
        tables = "sync.messages, sync.conversations, sync.contacts, sync.contact_handles, sync.sync_states"
        await owner.execute(f"TRUNCATE {tables}")
        await owner.execute("CHECKPOINT")


@asynccontextmanager
async def running_sync_stack() -> AsyncIterator[SyncStack]:
    """Everything, with durable writes, for the length of a block."""
    with _open_directory() as directory, running_postgres(directory) as postgres:
        owner = _settings(postgres, "postgres", postgres.owner_password, DATABASE)
        await migrate(owner, {"sync": ROLE_PASSWORD})
        key = ec.generate_private_key(ec.SECP256R1())
        account, device = uuid4(), uuid4()
        async with _device_service(key) as device_address:
            with (
                _sync_svc(directory, postgres, device_address) as sync_address,
                _envoy(directory, key, sync_address) as envoy_address,
            ):
                tokens = (_token(key, account, "device", device), _token(key, account, "owner", account))
                yield SyncStack(postgres, sync_address, envoy_address, account, *tokens)


@contextmanager
def _open_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="assistant-bench-"))
    directory.chmod(0o755)  # as root, PostgreSQL runs as another user
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _settings(postgres: PostgresInstance, user: str, password: str, name: str) -> DatabaseSettings:
    return from_mapping(
        DatabaseSettings, host=postgres.host, port=postgres.port, user=user, password=password, name=name
    )


@contextmanager
def _sync_svc(directory: Path, postgres: PostgresInstance, device_address: str) -> Iterator[str]:
    address = f"{HOST}:{free_port()}"
    variables = {
        "DB_HOST": postgres.host,
        "DB_PORT": str(postgres.port),
        "DB_USER": role_of("sync"),
        "DB_PASSWORD": ROLE_PASSWORD,
        "DB_NAME": DATABASE,
        "SYNC_SVC_LISTEN": address,
        "DEVICE_SVC_ADDRESS": device_address,
        "ASSISTANT_INTERNAL_KEY": INTERNAL_KEY,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
    }
    command = [
        "/usr/bin/env",
        *(f"{name}={value}" for name, value in variables.items()),
        sys.executable,
        "-m",
        "sync_svc",
    ]
    with child_process(tied_command(command), directory / "sync_svc.log", signal.SIGTERM) as child:
        port = int(address.rpartition(":")[2])
        wait_until(lambda: is_taken(HOST, port), child, directory / "sync_svc.log")
        yield address


@contextmanager
def _envoy(directory: Path, key: ec.EllipticCurvePrivateKey, sync_address: str) -> Iterator[str]:
    (directory / "ui").mkdir()
    (directory / "ui" / "index.html").write_text("<!doctype html>")
    jwks = directory / "jwks.json"
    jwks.write_text(json.dumps({"keys": [_public_jwk(key)]}))
    upstream = Upstream.parse(sync_address)
    upstreams = {name: upstream for name in ("device", "sync", "inference", "training")}
    settings = EdgeSettings(HOST, free_port(), directory / "admin.sock", upstreams, jwks, directory / "ui")
    config, log = directory / "envoy.yaml", directory / "envoy.log"
    write_config(settings, config)
    with child_process(tied_command(envoy_command(config)), log, signal.SIGTERM) as envoy:
        wait_until(lambda: _is_ready(settings.port), envoy, log)
        yield f"{HOST}:{settings.port}"


def _is_ready(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{HOST}:{port}{READY_PATH}", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class _Auth(auth_pb2_grpc.AuthServiceServicer):
    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    async def GetJwks(self, request: Any, context: Any) -> auth_pb2.GetJwksResponse:  # noqa: N802
        return auth_pb2.GetJwksResponse(keys=[auth_pb2.Jwk(**_public_jwk(self._key))])

    async def CheckToken(self, request: Any, context: Any) -> auth_pb2.CheckTokenResponse:  # noqa: N802
        return auth_pb2.CheckTokenResponse(active=True)


class _Devices(devices_pb2_grpc.DevicesServiceServicer):
    async def RecordDeviceActivity(  # noqa: N802
        self, request: Any, context: Any
    ) -> devices_pb2.RecordDeviceActivityResponse:
        return devices_pb2.RecordDeviceActivityResponse()


@asynccontextmanager
async def _device_service(key: ec.EllipticCurvePrivateKey) -> AsyncIterator[str]:
    """The three calls that sync_svc makes to device_svc, once a second at most: they are not what is measured."""
    server = grpc.aio.server()
    auth_pb2_grpc.add_AuthServiceServicer_to_server(_Auth(key), server)  # type: ignore[abstract] # the rest is not called
    devices_pb2_grpc.add_DevicesServiceServicer_to_server(_Devices(), server)  # type: ignore[abstract] # the same
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    try:
        yield f"{HOST}:{port}"
    finally:
        await server.stop(None)


def _public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**public, "kid": "bench", "alg": "ES256", "use": "sig"}


def _token(key: ec.EllipticCurvePrivateKey, account: UUID, role: str, subject: UUID) -> str:
    now = int(time.time())
    claims: dict[str, Any] = {"iss": ISSUER, "aud": API_AUDIENCE, "sub": str(subject), "account": str(account)}
    claims |= {"role": role, "jti": str(uuid4()), "iat": now, "exp": now + 3600}
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": "bench"})
