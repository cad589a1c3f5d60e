"""The RPCs of the contract as Envoy sees them: who may call them, how they stream, their REST paths."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistant.common.v1 import access_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor

OWN_PACKAGES = re.compile(r"^assistant\.(\w+)\.v\d+$")
# One path segment. A colon begins a custom verb and belongs to no id.
SEGMENT = "[^/:]+"
VARIABLE = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True)
class RestBinding:
    """One HTTP method and path of an RPC."""

    method: str
    template: str

    @property
    def regex(self) -> str:
        """A regular expression that matches exactly the paths of this binding."""
        return self._regex_of(SEGMENT)

    @property
    def wide_regex(self) -> str:
        """A regular expression that matches every path which the transcoder may take for this binding.

        To the transcoder an unknown verb is a part of the id, and a slash at the end is nothing.
        """
        return f"{self._regex_of('[^/]+')}/?"

    @property
    def variables(self) -> tuple[str, ...]:
        """The field paths that the path gives, as the contract spells them (`device_id`, `device.id`)."""
        return tuple(VARIABLE.findall(self.template))

    def _regex_of(self, segment: str) -> str:
        literals = VARIABLE.sub("\0", self.template).split("\0")
        return segment.join(re.escape(literal).replace(r"\-", "-") for literal in literals)

    @property
    def has_variables(self) -> bool:
        """Whether a part of the path is a field of the request."""
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
    # The spellings of each field path that a REST path gives: that of the contract and that of JSON.
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The full name, `package.Service/Method`."""
        return f"{self.service}/{self.method}"

    @property
    def grpc_path(self) -> str:
        """The HTTP path of a gRPC call."""
        return f"/{self.name}"

    @property
    def is_public(self) -> bool:
        """Whether it may be called without a token."""
        return self.access == access_pb2.ACCESS_PUBLIC

    @property
    def is_reachable(self) -> bool:
        """Whether it may be called from outside; an RPC that does not say who may call it may not be called."""
        return self.access not in (access_pb2.ACCESS_INTERNAL, access_pb2.ACCESS_UNSPECIFIED)

    @property
    def is_streaming(self) -> bool:
        """Whether requests or answers come one after the other."""
        return self.client_streaming or self.server_streaming

    @property
    def only_reads(self) -> bool:
        """Whether calling it twice is the same as once."""
        return bool(self.rest) and all(binding.method == "GET" for binding in self.rest)


def read_surface(descriptor_set: Path) -> list[Rpc]:
    """Return every RPC of the product, in the order of the contract."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set.read_bytes())
    messages = _pool_of(files)
    return [
        _rpc(f"{file.package}.{service.name}", package[1], method, messages)
        for file in files.file
        if (package := OWN_PACKAGES.match(file.package)) is not None
        for service in file.service
        for method in service.method
    ]


def reachable_services(rpcs: Iterable[Rpc]) -> list[str]:
    """Return the full names of the services with at least one RPC that may be called from outside."""
    return list(dict.fromkeys(rpc.service for rpc in rpcs if rpc.is_reachable))


def _pool_of(files: descriptor_pb2.FileDescriptorSet) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


def _rpc(
    service: str,
    upstream: str,
    method: descriptor_pb2.MethodDescriptorProto,
    messages: descriptor_pool.DescriptorPool,
) -> Rpc:
    rest = tuple(_bindings(method.options.Extensions[annotations_pb2.http]))
    access = method.options.Extensions[access_pb2.access]
    request = messages.FindMessageTypeByName(method.input_type.lstrip("."))
    spellings = {variable: _spellings(request, variable) for binding in rest for variable in binding.variables}
    return Rpc(
        service, method.name, upstream, access, method.client_streaming, method.server_streaming, rest, spellings
    )


def _spellings(request: Descriptor, field_path: str) -> tuple[str, ...]:
    """Every way to write a field path in a query: each of its names as in the contract or as in JSON."""
    message: Descriptor | None = request
    names = []
    for name in field_path.split("."):
        assert message is not None, f"{request.full_name} has no field {field_path}"
        found = message.fields_by_name[name]
        names.append(dict.fromkeys((found.name, found.json_name)))
        message = found.message_type
    return tuple(".".join(spelling) for spelling in itertools.product(*names))


def _bindings(rule: http_pb2.HttpRule) -> Iterator[RestBinding]:
    pattern = rule.WhichOneof("pattern")
    if pattern is not None:
        yield RestBinding(pattern.upper(), str(getattr(rule, pattern)))
    for additional in rule.additional_bindings:
        yield from _bindings(additional)
