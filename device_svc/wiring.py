"""Puts device_svc together: the only module that knows every concrete class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import argon2
import grpc
from assistant.device.v1 import auth_pb2, auth_pb2_grpc, devices_pb2, devices_pb2_grpc, health_pb2, health_pb2_grpc

from device_svc.api.auth import AuthServicer
from device_svc.api.cookies import SessionCookie
from device_svc.api.devices import DevicesServicer
from device_svc.api.health import HealthServicer
from device_svc.crypto.passwords import Argon2Passwords
from device_svc.crypto.signing_key import SigningKey, load_signing_key
from device_svc.crypto.token_signer import Es256Signer
from device_svc.domain.clock import Clock, utc_now
from device_svc.domain.codes import KeyedHash
from device_svc.domain.health import AskPart, Glance
from device_svc.probes.parts import best_part, own_part, postgres_part, redis_part, service_part
from device_svc.settings import DeviceSettings
from device_svc.storage.transactions import PostgresTransactions
from device_svc.use_cases.account_service import AccountService
from device_svc.use_cases.device_service import DeviceService
from device_svc.use_cases.pairing import Pairing
from device_svc.use_cases.revocation import Revocation
from device_svc.use_cases.sign_in import SignIn
from svc_kit.contract import outward_services
from svc_kit.database import Database
from svc_kit.gate import Gate
from svc_kit.resources import Resources
from svc_kit.server import Probe, Service
from svc_kit.tokens import Jwks, KeyRing, TokenVerifier


@dataclass(frozen=True)
class Stubs:
    """What a test may exchange: the time, and the cost of a password."""

    clock: Clock = utc_now
    hasher: argon2.PasswordHasher | None = field(default=None)


async def build(settings: DeviceSettings, stubs: Stubs | None = None) -> Service:
    """The service, ready to be started. Raises UnusableKey."""
    stubs = stubs or Stubs()
    key = load_signing_key(settings.signing_key_file)
    resources = Resources()
    database = resources.database(settings, "device_svc")
    passwords = Argon2Passwords(stubs.hasher)
    resources.callback(passwords.close)

    transactions = PostgresTransactions(database)
    signer = Es256Signer(key)
    keyed = KeyedHash(settings.code_key.get_secret_value())
    revocation = Revocation(transactions, stubs.clock)
    sign_in = SignIn(transactions, passwords, signer, keyed, settings.session_lifetime, stubs.clock)
    pairing = Pairing(transactions, signer, keyed, settings.max_registrations, stubs.clock)
    device_service = DeviceService(transactions, signer, stubs.clock)
    glance = Glance(_parts(settings, database, resources))

    def add(server: grpc.aio.Server) -> None:
        auth = AuthServicer(sign_in, revocation, SessionCookie(secure=settings.is_https), [key.jwk])
        auth_pb2_grpc.add_AuthServiceServicer_to_server(auth, server)
        devices_pb2_grpc.add_DevicesServiceServicer_to_server(DevicesServicer(pairing, device_service), server)
        health_pb2_grpc.add_HealthServiceServicer_to_server(HealthServicer(glance, _version()), server)

    return Service(
        name="device_svc",
        listen=settings.listen,
        gate=_gate(settings, key, revocation),
        add=add,
        serves=[
            auth_pb2.DESCRIPTOR.services_by_name["AuthService"].full_name,
            devices_pb2.DESCRIPTOR.services_by_name["DevicesService"].full_name,
            health_pb2.DESCRIPTOR.services_by_name["HealthService"].full_name,
        ],
        probes=[database.ping, _first_account(settings, AccountService(transactions, passwords, stubs.clock))],
        # Reflection goes to this service, and shows all that can be called through the one public port.
        reflects=outward_services(),
        metrics_port=settings.metrics_port,
        resources=resources,
    )


def _first_account(settings: DeviceSettings, account_service: AccountService) -> Probe:
    """Make the first account as soon as the database answers, and do not serve before."""
    password = settings.owner_password
    made = password is None

    async def ensure() -> None:
        nonlocal made
        if not made and password is not None:
            await account_service.ensure_owner(password.get_secret_value())
            made = True

    return ensure


def _gate(settings: DeviceSettings, key: SigningKey, revocation: Revocation) -> Gate:
    async def own_keys() -> Jwks:
        return key.jwks

    verifier = TokenVerifier(KeyRing(own_keys), settings.internal_key.get_secret_value())
    return Gate(verifier, revocation)


def _parts(settings: DeviceSettings, database: Database, resources: Resources) -> Mapping[str, AskPart]:
    addresses = {
        "sync_svc": settings.sync_address,
        "inference_svc": settings.inference_address,
        "training_svc": settings.training_address,
    }
    parts = {"device_svc": own_part(database)}
    parts |= {name: service_part(resources.channel(address)) for name, address in addresses.items()}
    if settings.worker_addresses:
        parts["worker"] = best_part([service_part(resources.channel(address)) for address in settings.worker_addresses])
    redis = resources.redis(settings.redis_url)
    return {**parts, "postgres": postgres_part(database), "redis": redis_part(redis)}


def _version() -> str:
    try:
        return version("conversation-assistant")
    except PackageNotFoundError:
        return "unknown"  # run from a checkout that was not installed
