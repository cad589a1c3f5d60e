"""The rendered configuration, without running it."""

import re
from pathlib import Path

import pytest
import yaml

from stack.checkout import DESCRIPTOR_SET
from stack.edge.api_surface import read_surface
from stack.edge.render import render
from stack.edge.settings import Certificate, EdgeSettings, Upstream
from stack.edge.static_ui import UI_PATHS


def settings(directory, **changes):
    upstreams = {name: Upstream("127.0.0.1", 50051) for name in ("device", "sync", "inference", "training")}
    return EdgeSettings(
        "127.0.0.1", 8080, directory / "admin.sock", upstreams, directory / "jwks.json", directory / "ui", **changes
    )


def rendered(directory, **changes):
    return yaml.safe_load(render(settings(directory, **changes)))


def listener_of(config):
    return config["static_resources"]["listeners"][0]


def http_of(config):
    return listener_of(config)["filter_chains"][0]["filters"][0]["typed_config"]


def routes_of(config):
    return http_of(config)["route_config"]["virtual_hosts"][0]["routes"]


def filter_of(config, name):
    return next(entry["typed_config"] for entry in http_of(config)["http_filters"] if entry["name"].endswith(name))


def test_the_last_word_on_a_path_nobody_named_is_that_it_needs_a_token(tmp_path):
    rules = filter_of(rendered(tmp_path), "jwt_authn")["rules"]

    assert rules[-1] == {"match": {"prefix": "/"}, "requires": {"provider_name": "assistant"}}


def test_no_rule_without_a_token_covers_an_rpc_that_is_not_public(tmp_path):
    rules = filter_of(rendered(tmp_path), "jwt_authn")["rules"]
    guarded = [rpc for rpc in read_surface(DESCRIPTOR_SET) if not rpc.is_public]
    paths = [rpc.grpc_path for rpc in guarded]
    paths += [binding.template.replace("{", "").replace("}", "") for rpc in guarded for binding in rpc.rest]

    assert [path for path in paths if "requires" not in first_match(rules, path)] == []


def first_match(rules, path):
    for rule in rules:
        match = rule["match"]
        if (
            match.get("path") == path
            or ("prefix" in match and path.startswith(match["prefix"]))
            or ("safe_regex" in match and re.fullmatch(match["safe_regex"]["regex"], path))
        ):
            return rule
    raise AssertionError(path)


def test_a_route_to_a_service_exists_for_no_internal_rpc(tmp_path):
    paths = {route["match"].get("path") for route in routes_of(rendered(tmp_path))}
    surface = read_surface(DESCRIPTOR_SET)

    assert {rpc.grpc_path for rpc in surface if rpc.is_reachable} <= paths
    assert not {rpc.grpc_path for rpc in surface if not rpc.is_reachable} & paths


def test_no_stream_is_cut_by_the_time_for_a_whole_answer(tmp_path):
    routes = {route["match"].get("path"): route.get("route", {}) for route in routes_of(rendered(tmp_path))}
    streams = [rpc for rpc in read_surface(DESCRIPTOR_SET) if rpc.is_reachable and rpc.is_streaming]

    assert streams
    assert {routes[rpc.grpc_path]["timeout"] for rpc in streams} == {"0s"}


def test_a_call_that_changes_something_is_never_repeated_by_envoy(tmp_path):
    routes = {route["match"].get("path"): route.get("route", {}) for route in routes_of(rendered(tmp_path))}
    changing = [rpc for rpc in read_surface(DESCRIPTOR_SET) if rpc.is_reachable and not rpc.only_reads]

    assert not [rpc.name for rpc in changing if "retry_policy" in routes[rpc.grpc_path]]


@pytest.mark.parametrize(
    ("path", "is_ui"),
    [
        ("/", True),
        ("/devices", True),
        ("/conversations/0190-abc", True),
        ("/assistant.device.v1.AuthService/CheckToken", False),
        ("/grpc.health.v1.Health/Check", False),
        ("/.well-known/jwks.json", False),
        ("/.env", False),
    ],
)
def test_a_path_of_the_ui_is_never_one_of_the_api(path, is_ui):
    assert bool(re.fullmatch(UI_PATHS, path)) is is_ui


def test_admin_has_no_port_whatever_the_listener_is_bound_to(tmp_path):
    certificate = Certificate(Path("cert.pem"), Path("key.pem"))
    wide = EdgeSettings("0.0.0.0", 443, tmp_path / "admin.sock", {}, tmp_path / "jwks.json", tmp_path, certificate)  # noqa: S104

    config = yaml.safe_load(render(wide))

    assert config["admin"]["address"] == {"pipe": {"path": str(tmp_path / "admin.sock"), "mode": 0o600}}
    assert listener_of(config)["address"]["socket_address"]["address"] == "0.0.0.0"  # noqa: S104


def test_transport_security_is_promised_only_where_there_is_a_certificate(tmp_path):
    certificate = Certificate(Path("cert.pem"), Path("key.pem"))

    assert "strict-transport-security" not in render(settings(tmp_path))
    assert "strict-transport-security" in render(settings(tmp_path, certificate=certificate))


def test_no_value_can_break_out_of_its_place(tmp_path):
    origin = 'https://x.example"}\nadmin: {}'

    policy = http_of(rendered(tmp_path, cors_origins=(origin,)))["route_config"]["virtual_hosts"][0]

    cors = policy["typed_per_filter_config"]["envoy.filters.http.cors"]
    assert cors["allow_origin_string_match"] == [{"exact": origin}]


def test_nothing_but_the_path_is_logged_of_a_url(tmp_path):
    [log] = http_of(rendered(tmp_path))["access_log"]
    fields = log["typed_config"]["log_format"]["json_format"].values()

    assert not [field for field in fields if "QUERY" in field or "REQ(:PATH)" in field or "BODY" in field]
