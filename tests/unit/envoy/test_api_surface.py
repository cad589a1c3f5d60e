"""What the contract says, as Envoy's configuration needs it."""

import re

import pytest
from assistant.common.v1 import access_pb2

from stack.checkout import DESCRIPTOR_SET
from stack.edge.api_surface import RestBinding, Rpc, reachable_services, read_surface
from stack.edge.settings import RATE_LIMITS


def rpc(method="Get", access=access_pb2.ACCESS_OWNER, rest=()):
    return Rpc("assistant.device.v1.DevicesService", method, "device", access, False, False, tuple(rest))


@pytest.mark.parametrize(
    ("template", "path", "matches"),
    [
        ("/api/devices", "/api/devices", True),
        ("/api/devices", "/api/devices/1", False),
        ("/api/devices/{device_id}", "/api/devices/1-a", True),
        ("/api/devices/{device_id}", "/api/devices/1:deactivate", False),
        ("/api/devices/{device_id}", "/api/devices/1/2", False),
        ("/api/devices/{device_id}:deactivate", "/api/devices/1:deactivate", True),
        ("/api/auth.v1", "/api/authxv1", False),
    ],
)
def test_a_path_template_matches_exactly_its_paths(template, path, matches):
    assert bool(re.fullmatch(RestBinding("GET", template).regex, path)) is matches


def test_an_rpc_that_does_not_say_who_may_call_it_cannot_be_reached():
    assert not rpc(access=access_pb2.ACCESS_UNSPECIFIED).is_reachable


def test_an_internal_rpc_cannot_be_reached():
    assert not rpc(access=access_pb2.ACCESS_INTERNAL).is_reachable


def test_only_what_is_read_with_get_alone_may_be_retried():
    get, post = RestBinding("GET", "/api/x"), RestBinding("POST", "/api/x")

    assert rpc(rest=[get]).only_reads
    assert not rpc(rest=[get, post]).only_reads
    assert not rpc().only_reads


def test_the_worker_is_behind_the_edge_with_all_it_has():
    surface = read_surface(DESCRIPTOR_SET)

    assert "assistant.inference.v1.WorkerService" in {found.service for found in surface}
    assert "assistant.inference.v1.WorkerService" not in reachable_services(surface)


def test_every_rpc_of_the_contract_says_who_may_call_it():
    assert not [found.name for found in read_surface(DESCRIPTOR_SET) if found.access == access_pb2.ACCESS_UNSPECIFIED]


def test_every_rate_limit_is_of_an_rpc_that_exists():
    assert set(RATE_LIMITS) <= {found.name for found in read_surface(DESCRIPTOR_SET)}
