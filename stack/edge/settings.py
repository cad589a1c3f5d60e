"""What differs between one Envoy and another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.checkout import DESCRIPTOR_SET


@dataclass(frozen=True)
class Upstream:
    """Where a service listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, address: str) -> "Upstream":
        """Read `host:port`; an IPv6 address stands in brackets."""
        host, _, port = address.rpartition(":")
        return cls(host.strip("[]"), int(port))


@dataclass(frozen=True)
class RateLimit:
    """How often one client address may call one path: a burst, then one more every so many seconds."""

    burst: int
    seconds_per_request: int


# Against guessing and flooding. The services count tries themselves: this counter is only this process's.
# A device that waits for its approval asks every few seconds, so verify has more room.
RATE_LIMITS: Mapping[str, RateLimit] = {
    "assistant.device.v1.AuthService/SignIn": RateLimit(burst=20, seconds_per_request=3),
    "assistant.device.v1.DevicesService/RegisterDevice": RateLimit(burst=20, seconds_per_request=6),
    "assistant.device.v1.DevicesService/ApproveDevice": RateLimit(burst=20, seconds_per_request=3),
    "assistant.device.v1.DevicesService/VerifyDevice": RateLimit(burst=60, seconds_per_request=1),
}


@dataclass(frozen=True)
class Certificate:
    """A TLS certificate chain and its key, both PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True)
class EdgeSettings:
    """One listener in front of the services. `upstreams` maps device, sync, inference and training to their addresses."""

    host: str
    port: int
    admin_socket: Path
    upstreams: Mapping[str, Upstream]
    jwks_file: Path
    ui_directory: Path
    certificate: Certificate | None = None
    cors_origins: tuple[str, ...] = ()
    # How many reverse proxies in front of us may be believed about the client's address.
    trusted_hops: int = 0
    rate_limits: Mapping[str, RateLimit] = field(default_factory=lambda: RATE_LIMITS)
    descriptor_set: Path = DESCRIPTOR_SET
