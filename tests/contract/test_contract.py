"""Rules of the contract that no linter knows."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from assistant.common.v1 import access_pb2
from buf.validate import validate_pb2
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

IMAGE = Path(__file__).parents[2] / "gen" / "assistant" / "api.binpb"
VARIABLE = re.compile(r"\{([^}=]+)[^}]*\}")


def own_files() -> list[FileDescriptorProto]:
    files = FileDescriptorSet.FromString(IMAGE.read_bytes()).file
    return [file for file in files if file.package.startswith("assistant.")]


def own_messages() -> dict[str, DescriptorProto]:
    return {f".{file.package}.{message.name}": message for file in own_files() for message in file.message_type}


def rpcs() -> Iterator[tuple[str, MethodDescriptorProto]]:
    for file in own_files():
        for service in file.service:
            for method in service.method:
                yield f"{file.package}.{service.name}.{method.name}", method


def routes(method: MethodDescriptorProto) -> Iterator[tuple[str, str, str]]:
    rule = method.options.Extensions[annotations_pb2.http]
    for one in (rule, *rule.additional_bindings):
        verb = one.WhichOneof("pattern")
        if verb:
            yield verb, getattr(one, verb), one.body


def field_of(name: str, field: str) -> FieldDescriptorProto | None:
    return next((one for one in own_messages()[name].field if one.name == field), None)


def is_internal(method: MethodDescriptorProto) -> bool:
    return method.options.Extensions[access_pb2.access] == access_pb2.ACCESS_INTERNAL


every_rpc = pytest.mark.parametrize("method", [pytest.param(method, id=name) for name, method in rpcs()])
every_list = pytest.mark.parametrize(
    "method", [pytest.param(method, id=name) for name, method in rpcs() if field_of(method.input_type, "page_size")]
)


@every_rpc
def test_says_who_may_call(method: MethodDescriptorProto):
    assert method.options.Extensions[access_pb2.access] != access_pb2.ACCESS_UNSPECIFIED


@every_rpc
def test_is_reached_over_rest_exactly_when_it_is_for_the_outside(method: MethodDescriptorProto):
    # A client stream has no REST form; it has a unary twin.
    wanted = not (is_internal(method) or method.client_streaming)

    assert bool(list(routes(method))) == wanted


@every_rpc
def test_paths_name_fields_of_the_request_and_lie_where_envoy_routes_them(method: MethodDescriptorProto):
    for verb, path, body in routes(method):
        assert path.startswith("/api/") or path in {"/health", "/.well-known/jwks.json"}
        assert all(field_of(method.input_type, name) for name in VARIABLE.findall(path))
        assert bool(body) == (verb in {"post", "put", "patch"})


def test_no_two_rpcs_share_a_path():
    ways = [(verb, VARIABLE.sub("*", path)) for _, method in rpcs() for verb, path, _ in routes(method)]

    assert len(ways) == len(set(ways))


@every_list
def test_a_list_is_paged_the_same_way_everywhere(method: MethodDescriptorProto):
    size = field_of(method.input_type, "page_size")
    token = field_of(method.input_type, "page_token")
    following = field_of(method.output_type, "next_page_token")

    assert size is not None
    limits = size.options.Extensions[validate_pb2.field].int32
    assert limits.gte == 0  # left out
    assert 100 <= limits.lte <= 500
    assert token is not None
    assert token.options.Extensions[validate_pb2.field].string.max_len == 500
    assert following is not None


def test_every_list_rpc_is_paged_or_short_by_nature():
    unpaged = {
        name.rpartition(".")[2]
        for name, method in rpcs()
        if name.rpartition(".")[2].startswith("List") and not field_of(method.input_type, "page_size")
    }

    assert unpaged == {"ListModels"}


@every_rpc
def test_a_server_stream_ends_with_an_event_of_its_own(method: MethodDescriptorProto):
    if not method.server_streaming or is_internal(method):
        return
    message = own_messages()[method.output_type]

    assert [oneof.name for oneof in message.oneof_decl] == ["event"]
    assert field_of(method.output_type, "error"), "a browser cannot read the status of a stream that began"


def test_every_text_that_comes_in_has_a_limit():
    taken = set(
        itertools.chain.from_iterable(reachable(method.input_type) for _, method in rpcs() if not is_internal(method))
    )
    unlimited = {
        f"{name}.{field.name}"
        for name in taken
        for field in own_messages()[name].field
        if field.type == FieldDescriptorProto.TYPE_STRING and not is_limited(field)
    }

    assert unlimited == set()


def reachable(name: str) -> set[str]:
    """Return the names of the messages that a message may hold, itself included."""
    found, new = set[str](), {name}
    while new:
        found |= new
        held = {field.type_name for one in new for field in own_messages()[one].field}
        new = (held & own_messages().keys()) - found
    return found


def is_limited(field: FieldDescriptorProto) -> bool:
    rules = field.options.Extensions[validate_pb2.field]
    text = rules.repeated.items.string if field.label == FieldDescriptorProto.LABEL_REPEATED else rules.string
    return text.HasField("max_len") or text.uuid or text.pattern.startswith("^")
