"""Who may call which RPC, read from the contract's own option (assistant.common.v1.access)."""

from __future__ import annotations

from functools import cache

from assistant.common.v1 import access_pb2
from google.protobuf import descriptor_pool

from svc_kit.contract import load_contract

# Health and reflection are not ours; they say nothing that is anybody's.
PUBLIC_PREFIXES = ("/grpc.health.v1.Health/", "/grpc.reflection.")

_ALLOWED: dict[int, frozenset[str]] = {
    access_pb2.ACCESS_OWNER: frozenset({"owner", "service"}),
    access_pb2.ACCESS_DEVICE: frozenset({"device"}),
    access_pb2.ACCESS_ANY: frozenset({"owner", "device", "service"}),
    access_pb2.ACCESS_INTERNAL: frozenset({"service"}),
}


@cache
def allowed_roles(path: str) -> frozenset[str] | None:
    """The roles that may call `/package.Service/Method`; None when anyone may, empty when nobody may."""
    if path.startswith(PUBLIC_PREFIXES):
        return None
    load_contract()
    service_name, _, method_name = path.strip("/").partition("/")
    try:
        service = descriptor_pool.Default().FindServiceByName(service_name)
        method = service.methods_by_name[method_name]
    except KeyError:
        return frozenset()
    access = method.GetOptions().Extensions[access_pb2.access]
    if access == access_pb2.ACCESS_PUBLIC:
        return None
    return _ALLOWED.get(access, frozenset())
