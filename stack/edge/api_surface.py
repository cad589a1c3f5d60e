"""The RPCs of the contract as Envoy sees them: who may call them, how they stream, their REST paths."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.common.v1 import access_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2

OWN_PACKAGES = re.compile(r"^assistant\.(\w+)\.v\d+$")
# One path segment. A colon begins a custom verb and belongs to no id.
SEGMENT = "[^/:]+"


@dataclass(frozen=True)
class RestBinding:
    """One HTTP method and path of an RPC."""

    method: str
    template: str

    @property
    def regex(self) -> str:
        """A regular expression that matches exactly the paths of this binding."""
        literals = re.split(r"\{\w+\}", self.template)
        return SEGMENT.join(re.escape(literal).replace(r"\-", "-") for literal in literals)

    @property
    def has_variables(self) -> bool:
        return "{" in self.template


@dataclass(frozen=True)
class Rpc:
    """One RPC."""

    service: str
    method: str
    upstream: str
    access: int
    client_streaming: bool
    server_streaming: bool
    rest: tuple[RestBinding, ...]

    @property
    def name(self) -> str:
        return f"{self.service}/{self.method}"

    @property
    def grpc_path(self) -> str:
        return f"/{self.name}"

    @property
    def is_public(self) -> bool:
        return self.access == access_pb2.ACCESS_PUBLIC

    @property
    def is_reachable(self) -> bool:
        """Whether it may be called from outside; an RPC that does not say who may call it may not be called."""
        return self.access not in (access_pb2.ACCESS_INTERNAL, access_pb2.ACCESS_UNSPECIFIED)

    @property
    def is_streaming(self) -> bool:
        return self.client_streaming or self.server_streaming

    @property
    def only_reads(self) -> bool:
        """Whether calling it twice is the same as once."""
        return bool(self.rest) and all(binding.method == "GET" for binding in self.rest)


def read_surface(descriptor_set: Path) -> list[Rpc]:
    """Return every RPC of the product, in the order of the contract."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set.read_bytes())
    return [
        _rpc(f"{file.package}.{service.name}", package[1], method)
        for file in files.file
        if (package := OWN_PACKAGES.match(file.package)) is not None
        for service in file.service
        for method in service.method
    ]


def reachable_services(rpcs: Iterable[Rpc]) -> list[str]:
    """Return the full names of the services with at least one RPC that may be called from outside."""
    return list(dict.fromkeys(rpc.service for rpc in rpcs if rpc.is_reachable))


def _rpc(service: str, upstream: str, method: descriptor_pb2.MethodDescriptorProto) -> Rpc:
    rest = tuple(_bindings(method.options.Extensions[annotations_pb2.http]))
    access = method.options.Extensions[access_pb2.access]
    return Rpc(service, method.name, upstream, access, method.client_streaming, method.server_streaming, rest)


def _bindings(rule: http_pb2.HttpRule) -> Iterator[RestBinding]:
    pattern = rule.WhichOneof("pattern")
    if pattern is not None:
        yield RestBinding(pattern.upper(), str(getattr(rule, pattern)))
    for additional in rule.additional_bindings:
        yield from _bindings(additional)
