"""A running device_svc on a real database, with a clock that can be moved and cheap passwords."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import argon2
import asyncpg
import grpc
from assistant.device.v1 import auth_pb2_grpc, devices_pb2_grpc, health_pb2_grpc
from assistant.device.v1 import devices_pb2 as pb
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from device_svc.crypto.passwords import Argon2Passwords
from device_svc.crypto.signing_key import load_signing_key
from device_svc.crypto.token_signer import Es256Signer
from device_svc.domain.clock import utc_now
from device_svc.settings import DeviceSettings
from device_svc.storage.transactions import PostgresTransactions
from device_svc.use_cases.account_service import AccountService
from device_svc.wiring import Stubs, build
from svc_kit.clients import InternalCaller, channel_to
from svc_kit.database import Database
from svc_kit.server import running
from svc_kit.settings import from_mapping
from tests.conftest import DatabaseAddress

Metadata = tuple[tuple[str, str], ...]

INTERNAL_KEY = "an internal key of at least 32 characters"
CODE_KEY = "a key for codes, of at least 32 characters"
PASSWORD = "correct horse battery staple"
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class MovingClock:
    """The time, until a test moves it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self._ahead

    def advance(self, **by: float) -> None:
        """Let time pass."""
        self._ahead += timedelta(**by)


@dataclass
class DeviceService:
    """The stubs of a running service, and what else a test needs of it."""

    auth: Any
    devices: Any
    health: Any
    accounts: AccountService
    signer: Es256Signer
    clock: MovingClock
    channel: grpc.aio.Channel
    port: int

    async def account(self, name: str = "owner") -> UUID:
        """Make an account whose password is PASSWORD."""
        return (await self.accounts.add(name, PASSWORD)).account_id

    def acting_for(self, account_id: UUID | None) -> Metadata:
        """Metadata of another service that acts for an account."""
        return InternalCaller("test", INTERNAL_KEY).metadata(account_id)

    async def register(self, hardware_id: str = "hardware-0001", name: str = "Mac") -> pb.RegisterDeviceResponse:
        """Register a device."""
        request = pb.RegisterDeviceRequest(name=name, hardware_id=hardware_id, platform="macos", os_version="15.1")
        answer: pb.RegisterDeviceResponse = await self.devices.RegisterDevice(request)
        return answer

    async def approve(self, account_id: UUID, code: str) -> pb.Device:
        """Type a code for an account."""
        request = pb.ApproveDeviceRequest(code=code)
        answer = await self.devices.ApproveDevice(request, metadata=self.acting_for(account_id))
        device: pb.Device = answer.device
        return device

    async def verify(self, registered: pb.RegisterDeviceResponse, code: str | None = None) -> str:
        """Fetch a device's token."""
        request = pb.VerifyDeviceRequest(device_id=registered.device_id, code=code or registered.code)
        token: str = (await self.devices.VerifyDevice(request)).token
        return token

    async def pair(self, account_id: UUID, hardware_id: str = "hardware-0001") -> tuple[str, str]:
        """Pair a device from beginning to end: its id and its token."""
        registered = await self.register(hardware_id)
        device = await self.approve(account_id, registered.code)
        return device.device_id, await self.verify(registered)


def bearer(token: str) -> Metadata:
    """The metadata of a call with this token."""
    return (("authorization", f"Bearer {token}"),)


def other_than(code: str) -> str:
    """Six digits that are not these."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def write_signing_key(path: Path) -> Path:
    """Make a key that only we can read."""
    key = ec.generate_private_key(ec.SECP256R1())
    path.touch(0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def device_settings(database: DatabaseAddress, key_file: Path, **more: Any) -> DeviceSettings:
    """Settings for a service on a free port."""
    service = database.as_service("device")
    values: dict[str, Any] = {
        "host": service.host,
        "port": service.port,
        "user": service.user,
        "password": SecretStr(service.password),
        "name": service.name,
        "internal_key": SecretStr(INTERNAL_KEY),
        "code_key": SecretStr(CODE_KEY),
        "signing_key_file": key_file,
        "listen": "127.0.0.1:0",
    }
    return from_mapping(DeviceSettings, **(values | more))


@asynccontextmanager
async def device_service(settings: DeviceSettings) -> AsyncIterator[DeviceService]:
    """Run device_svc for the length of a block."""
    clock = MovingClock()
    service = await build(settings, Stubs(clock, CHEAP))
    database = Database(settings)
    passwords = Argon2Passwords(CHEAP)
    async with running(service) as server, channel_to(f"127.0.0.1:{server.port}") as channel:
        yield DeviceService(
            auth=auth_pb2_grpc.AuthServiceStub(channel),
            devices=devices_pb2_grpc.DevicesServiceStub(channel),
            health=health_pb2_grpc.HealthServiceStub(channel),
            accounts=AccountService(PostgresTransactions(database), passwords, clock),
            signer=Es256Signer(load_signing_key(settings.signing_key_file)),
            clock=clock,
            channel=channel,
            port=server.port,
        )
    passwords.close()
    await database.close()


async def empty_device_tables(database: DatabaseAddress) -> None:
    """Forget everything that earlier tests made."""
    owner = await asyncpg.connect(
        host=database.host, port=database.port, user=database.user, password=database.password, database=database.name
    )
    try:
        await owner.execute("TRUNCATE device.accounts, device.registrations, device.tries CASCADE")
    finally:
        await owner.close()
