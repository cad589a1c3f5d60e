"""Where each part listens: chosen once a start, so that a part that is started again is found where it was."""

import socket
from collections.abc import Mapping, Sequence
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
    workers: Sequence[int]

    @classmethod
    def choose(cls, workers: int = 1) -> "Addresses":
        """Take free ports, all different."""
        names = [name for name in cls.__dataclass_fields__ if name != "workers"]
        with ExitStack() as held:
            probes = [held.enter_context(socket.socket()) for _ in range(len(names) + workers)]
            for probe in probes:
                probe.bind((HOST, 0))
            ports = [int(probe.getsockname()[1]) for probe in probes]
        return cls(**dict(zip(names, ports, strict=False)), workers=ports[len(names) :])

    def service(self, schema: str) -> str:
        """Return host:port of the service that owns `schema`."""
        return f"{HOST}:{getattr(self, schema)}"

    @classmethod
    def from_json(cls, recorded: Mapping[str, Any]) -> "Addresses":
        """Return the ports that a running stack recorded; what else it recorded is left out."""
        return cls(**{name: recorded[name] for name in cls.__dataclass_fields__})

    def as_json(self) -> dict[str, Any]:
        """Return the ports by name, as the state file keeps them."""
        return asdict(self)
