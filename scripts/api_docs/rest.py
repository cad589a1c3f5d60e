"""How an RPC is reached over REST, as its google.api.http option says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor_pb2 import MethodDescriptorProto

from scripts.api_docs.contract import HTTP

VERBS = ("get", "put", "post", "delete", "patch")
VARIABLE = re.compile(r"\{([^}=]+)[^}]*\}")


@dataclass(frozen=True)
class Route:
    """One way to call an RPC over REST."""

    verb: str
    path: str
    body: str

    def place_of(self, field: str) -> str:
        """Return where a field of the request travels."""
        if field in VARIABLE.findall(self.path):
            return "path"
        return "body" if self.body in {"*", field} else "query"


def routes(method: MethodDescriptorProto) -> list[Route]:
    """Return the ways to call an RPC over REST, none for an internal one."""
    if not method.options.HasExtension(HTTP):
        return []
    return list(_routes(method.options.Extensions[HTTP]))


def _routes(rule: Any) -> Iterator[Route]:
    verb = rule.WhichOneof("pattern")
    if verb in VERBS:
        yield Route(verb.upper(), getattr(rule, verb), rule.body)
    for more in rule.additional_bindings:
        yield from _routes(more)
