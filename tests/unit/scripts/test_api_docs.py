"""How docs/API.md says rules and routes."""

import pytest
from assistant.device.v1 import devices_pb2
from buf.validate.validate_pb2 import (
    IGNORE_IF_ZERO_VALUE,
    EnumRules,
    FieldRules,
    Int32Rules,
    RepeatedRules,
    StringRules,
)
from google.protobuf.descriptor_pb2 import MethodDescriptorProto

from scripts.api_docs.rest import Route, routes
from scripts.api_docs.rules import rules_in_words


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (FieldRules(), ""),
        (FieldRules(string=StringRules(min_len=1, max_len=1024)), "length ≥ 1, length ≤ 1,024"),
        (FieldRules(int32=Int32Rules(gte=0, lte=200)), "≥ 0, ≤ 200"),
        (
            FieldRules(required=True, enum=EnumRules(defined_only=True, not_in=[0])),
            "required, a known value, not unspecified",
        ),
        (FieldRules(ignore=IGNORE_IF_ZERO_VALUE, string=StringRules(uuid=True)), "UUID, or left out"),
        (
            FieldRules(repeated=RepeatedRules(max_items=50, items=FieldRules(string=StringRules(uuid=True)))),
            "each: UUID, ≤ 50 items",
        ),
    ],
)
def test_rules_are_said_in_words(rules, words):
    assert rules_in_words(rules) == words


def test_a_route_says_where_a_field_travels():
    rename = devices_pb2.DESCRIPTOR.services_by_name["DevicesService"].methods_by_name["RenameDevice"]
    method = MethodDescriptorProto()
    rename.CopyToProto(method)

    (route,) = routes(method)

    assert (route.verb, route.path) == ("PATCH", "/api/devices/{device_id}")
    assert route.place_of("device_id") == "path"
    assert route.place_of("name") == "body"
    assert Route("GET", "/api/devices", "").place_of("page_size") == "query"
