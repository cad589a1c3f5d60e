"""Calling other services: one channel per address, a fresh internal token per call, a deadline on every call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import grpc
from assistant.device.v1 import auth_pb2, auth_pb2_grpc

from svc_kit.errors import Unavailable
from svc_kit.identity import Identity
from svc_kit.request_id import REQUEST_ID_HEADER, current_request_id
from svc_kit.tokens import Jwks, mint_internal

# A batch of messages or a long context; Envoy and the servers have the same limit.
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
CALL_TIMEOUT_S = 5.0

_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A part that was restarted should be found again in a moment, not after gRPC's two minutes of back-off.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # The machine's proxy settings are not for calls to our own parts.
    ("grpc.enable_http_proxy", 0),
]


def channel_to(address: str, options: Sequence[tuple[str, Any]] = ()) -> grpc.aio.Channel:
    """A channel to `host:port`. Make it inside the running loop; close it at the end."""
    return grpc.aio.insecure_channel(address, options=[*_OPTIONS, *options])


class InternalCaller:
    """Metadata for calls in the name of this service."""

    def __init__(self, service: str, internal_key: str) -> None:
        self._service = service
        self._key = internal_key

    def metadata(self, account_id: UUID | None = None) -> tuple[tuple[str, str], ...]:
        """A fresh token for one call, acting for `account_id`, and the running call's request id."""
        token = mint_internal(self._key, self._service, account_id)
        return (("authorization", f"Bearer {token}"), (REQUEST_ID_HEADER, current_request_id()))


class DeviceServiceClient:
    """The two questions every service asks device_svc: its keys, and whether a token still stands."""

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller) -> None:
        self._stub: auth_pb2_grpc.AuthServiceAsyncStub = auth_pb2_grpc.AuthServiceStub(channel)
        self._caller = caller

    async def fetch_keys(self) -> Jwks:
        """The JWK set. Raises Unavailable when device_svc does not answer."""
        try:
            answer = await self._stub.GetJwks(auth_pb2.GetJwksRequest(), timeout=CALL_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            raise Unavailable("device_svc does not answer; try again in a moment") from error
        names = ("kty", "crv", "x", "y", "kid", "alg", "use")
        return {"keys": [{name: getattr(key, name) for name in names} for key in answer.keys]}

    async def is_active(self, caller: Identity) -> bool:
        """Whether the caller's token still stands. Raises Unavailable when device_svc does not answer."""
        request = auth_pb2.CheckTokenRequest(
            account_id=str(caller.account_id), role=caller.role, subject=caller.subject, token_id=str(caller.token_id)
        )
        try:
            answer = await self._stub.CheckToken(request, timeout=CALL_TIMEOUT_S, metadata=self._caller.metadata())
        except grpc.aio.AioRpcError as error:
            raise Unavailable("device_svc does not answer; try again in a moment") from error
        return bool(answer.active)
