"""Where each part listens: chosen once a start, so that a part that is started again is found where it was."""

import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Addresses:
    """The loopback ports of everything but the one public port."""

    postgres: int
    valkey: int
    device: int
    sync: int
    inference: int
    training: int
    worker: int
    envoy_admin: int

    @classmethod
    def choose(cls) -> "Addresses":
        """Take free ports, all different."""
        names = list(cls.__dataclass_fields__)
        with ExitStack() as held:
            probes = [held.enter_context(socket.socket()) for _ in names]
            for probe in probes:
                probe.bind((HOST, 0))
            return cls(*(int(probe.getsockname()[1]) for probe in probes))

    def service(self, schema: str) -> str:
        """Return host:port of the service that owns `schema`."""
        return f"{HOST}:{getattr(self, schema)}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
