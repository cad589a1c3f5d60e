"""Writes docs/API.md."""

from collections.abc import Iterator, Sequence

from assistant.common.v1.access_pb2 import Access
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

from scripts.api_docs.contract import ACCESS, RULES, Contract
from scripts.api_docs.rest import Route, routes
from scripts.api_docs.rules import rules_in_words

INTRODUCTION = """\
# API

Generated from proto/ by `make gen`; do not edit.

Everything is one contract with two ways in, on one port: gRPC (and gRPC-Web) by the RPC's full name, and REST by the paths
given here. The REST field names below are those of the JSON; in proto/ and in gRPC the same fields are in snake_case.

- **Who may call.** *public*: anyone. *owner*: a signed-in owner, by the cookie of `POST /api/auth/signin` or its token.
  *device*: a paired device, by its token. Tokens travel as `authorization: Bearer …`. *internal* RPCs are for the services
  among themselves and cannot be reached from outside.
- **JSON.** Fields at their default are left out of answers. 64-bit integers are strings, enums are names, times are RFC 3339.
- **Errors** are a `google.rpc.Status` as JSON: `code`, `message`, and `details` with an `ErrorInfo` (a stable `reason`), for bad
  input a `BadRequest` that names the field, and where waiting helps a `RetryInfo`. HTTP statuses: 400 INVALID_ARGUMENT,
  FAILED_PRECONDITION · 401 UNAUTHENTICATED · 403 PERMISSION_DENIED · 404 NOT_FOUND · 409 ALREADY_EXISTS, ABORTED ·
  429 RESOURCE_EXHAUSTED · 501 UNIMPLEMENTED · 503 UNAVAILABLE · 504 DEADLINE_EXCEEDED.
- **Streams** over REST are server-sent events, each the JSON of one message. A stream that ends without its terminal event
  (`done` or `error`) failed.
- **Lists** are paged: pass `nextPageToken` of one answer as `pageToken` of the next request, until it is left out.
"""
CALLERS = {
    Access.ACCESS_UNSPECIFIED: "nobody",
    Access.ACCESS_PUBLIC: "public",
    Access.ACCESS_OWNER: "owner",
    Access.ACCESS_DEVICE: "device",
    Access.ACCESS_ANY: "owner or device",
    Access.ACCESS_INTERNAL: "internal",
}
WELL_KNOWN = {
    ".google.protobuf.Timestamp": "time",
    ".google.protobuf.Duration": "duration",
    ".google.protobuf.FieldMask": "field mask",
}
# The order in which a client meets them.
PACKAGES = [
    "assistant.device.v1",
    "assistant.sync.v1",
    "assistant.inference.v1",
    "assistant.training.v1",
    "assistant.common.v1",
]


Rows = Sequence[Sequence[str]]


def page(contract: Contract) -> str:
    """Return docs/API.md."""
    files = sorted(contract.files, key=lambda file: (PACKAGES.index(file.package), file.name))
    blocks = [INTRODUCTION, "## All RPCs\n", _overview(files)]
    for file in files:
        for service in file.service:
            blocks += _service(contract, f".{file.package}.{service.name}", service)
    blocks.append("## Types\n")
    for file in files:
        blocks += _types(contract, file)
    return "\n".join(blocks)


def _overview(files: Sequence[FileDescriptorProto]) -> str:
    rows = []
    for file in files:
        for service in file.service:
            for method in service.method:
                name = f"[{service.name}.{method.name}](#{_anchor(f'{service.name}.{method.name}')})"
                ways = [f"{route.verb} {route.path}" for route in routes(method)]
                rows.append([name, "<br>".join(ways), _kind(method), CALLERS[method.options.Extensions[ACCESS]]])
    return _table(["RPC", "REST", "kind", "caller"], rows)


def _service(contract: Contract, name: str, service: ServiceDescriptorProto) -> Iterator[str]:
    yield f"## {service.name}\n\n`{name[1:]}`. {contract.comments[name]}\n"
    for method in service.method:
        yield from _method(contract, f"{name}.{method.name}", service, method)


def _method(
    contract: Contract, name: str, service: ServiceDescriptorProto, method: MethodDescriptorProto
) -> Iterator[str]:
    ways = routes(method)
    yield f"### {service.name}.{method.name}\n"
    facts = [f"`{route.verb} {route.path}`" for route in ways]
    yield " · ".join([*facts, _kind(method), CALLERS[method.options.Extensions[ACCESS]]]) + "\n"
    yield f"{contract.comments[name]}\n"
    yield from _message(contract, "Request", method.input_type, ways)
    yield from _message(contract, "Answer", method.output_type, [])


def _kind(method: MethodDescriptorProto) -> str:
    if method.client_streaming:
        return "both stream" if method.server_streaming else "client streams"
    return "server streams" if method.server_streaming else "unary"


def _message(contract: Contract, title: str, name: str, ways: Sequence[Route]) -> Iterator[str]:
    message = contract.messages[name]
    said = contract.comments[name]
    yield f"**{title}** {said}\n" if message.field else f"**{title}** {said} It has no fields.\n"
    if message.field:
        yield _fields(contract, name, message, ways)


def _fields(contract: Contract, name: str, message: DescriptorProto, ways: Sequence[Route]) -> str:
    rows = []
    for field in message.field:
        place = [ways[0].place_of(field.name)] if ways else []
        rules = rules_in_words(field.options.Extensions[RULES])
        rows.append(
            [f"`{field.json_name}`", *place, _type(message, field), rules, contract.comments[f"{name}.{field.name}"]]
        )
    return _table(["field", *(["in"] if ways else []), "type", "rules", "meaning"], rows)


def _type(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    kind = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    if field.type_name:
        kind = (
            WELL_KNOWN.get(field.type_name)
            or f"[{field.type_name.rpartition('.')[2]}](#{_anchor(field.type_name[1:])})"
        )
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        kind = f"list of {kind}"
    if field.HasField("oneof_index") and not field.proto3_optional:
        kind = f"{kind}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return kind


def _types(contract: Contract, file: FileDescriptorProto) -> Iterator[str]:
    with_rpc = {
        name
        for other in contract.files
        for service in other.service
        for method in service.method
        for name in (method.input_type, method.output_type)
    }
    prefix = f".{file.package}."
    for message in file.message_type:
        if prefix + message.name not in with_rpc:
            yield from _type_section(contract, prefix + message.name, message)
        for enum in message.enum_type:
            yield from _enum_section(contract, f"{prefix}{message.name}.{enum.name}", enum)
    for enum in file.enum_type:
        yield from _enum_section(contract, prefix + enum.name, enum)


def _type_section(contract: Contract, name: str, message: DescriptorProto) -> Iterator[str]:
    yield f"### {name[1:]}\n\n{contract.comments[name]}\n"
    if message.field:
        yield _fields(contract, name, message, [])


def _enum_section(contract: Contract, name: str, enum: EnumDescriptorProto) -> Iterator[str]:
    yield f"### {name[1:]}\n\n{contract.comments[name]}\n"
    yield _table(
        ["value", "meaning"], [[f"`{value.name}`", contract.comments[f"{name}.{value.name}"]] for value in enum.value]
    )


def _table(head: Sequence[str], rows: Rows) -> str:
    # A bar inside a cell would end it.
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _anchor(heading: str) -> str:
    """Return the fragment by which a heading is linked to."""
    return heading.replace(".", "").lower()
