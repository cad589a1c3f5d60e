"""An Envoy in front of workers: Maglev with bounded load on a header, endpoints from a file, retries of what never began."""

from __future__ import annotations

import signal
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from stack.edge.binary import envoy_command
from stack.embedded.running import child_process, wait_until
from stack.launcher import tied_command
from stack.ports import free_port

HEADER = "x-conversation"
_HTTP = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_MAGLEV = "type.googleapis.com/envoy.extensions.load_balancing_policies.maglev.v3.Maglev"
_ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
_PREVIOUS = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
_EDS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"


@contextmanager
def worker_edge(addresses: Sequence[str]) -> Iterator[str]:
    """The address of an Envoy that balances these workers."""
    with tempfile.TemporaryDirectory() as name:
        folder, port, admin = Path(name), free_port(), free_port()
        (folder / "eds").mkdir()
        (folder / "eds" / "workers.yaml").write_text(yaml.safe_dump(_endpoints(addresses)))
        (folder / "envoy.yaml").write_text(yaml.safe_dump(_config(folder, port, admin, len(addresses))))
        log = folder / "envoy.log"
        with child_process(tied_command(envoy_command(folder / "envoy.yaml")), log, signal.SIGTERM) as envoy:
            wait_until(lambda: _has(admin, len(addresses)), envoy, log)
            yield f"127.0.0.1:{port}"


def _has(admin: int, workers: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{admin}/stats?filter=cluster.workers.membership_healthy", timeout=1) as got:
            return bool(got.read().decode().strip().endswith(f": {workers}"))
    except OSError:
        return False


def _at(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _endpoints(addresses: Sequence[str]) -> dict[str, Any]:
    split = [address.rpartition(":") for address in addresses]
    endpoints = [{"endpoint": {"address": _at(host, int(port))}} for host, _, port in split]
    return {
        "resources": [{"@type": _EDS, "cluster_name": "workers", "endpoints": [{"lb_endpoints": endpoints}]}],
    }


def _config(folder: Path, port: int, admin: int, workers: int) -> dict[str, Any]:
    return {
        "node": {"id": "bench", "cluster": "bench"},
        "admin": {"address": _at("127.0.0.1", admin)},
        "static_resources": {"listeners": [_listener(port)], "clusters": [_cluster(folder, workers)]},
    }


def _listener(port: int) -> dict[str, Any]:
    route = {
        "cluster": "workers",
        "timeout": "0s",
        "hash_policy": [{"header": {"header_name": HEADER}}],
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,reset-before-request",
            "num_retries": 2,
            "retry_host_predicate": [{"name": "previous_hosts", "typed_config": {"@type": _PREVIOUS}}],
            "host_selection_retry_max_attempts": 5,
        },
    }
    manager = {
        "@type": _MANAGER,
        "stat_prefix": "workers",
        "codec_type": "HTTP2",
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": route}]}]
        },
        "http_filters": [{"name": "router", "typed_config": {"@type": _ROUTER}}],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": "workers", "address": _at("127.0.0.1", port), "filter_chains": [chain]}


def _cluster(folder: Path, workers: int) -> dict[str, Any]:
    # With less, the bound of a worker is less than one request while little runs, and all of them go to one worker.
    balance = {"hash_balance_factor": 100 * workers}
    maglev = {"@type": _MAGLEV, "consistent_hashing_lb_config": balance}
    policy = {"typed_extension_config": {"name": "envoy.load_balancing_policies.maglev", "typed_config": maglev}}
    source = {"path": str(folder / "eds" / "workers.yaml"), "watched_directory": {"path": str(folder / "eds")}}
    return {
        "name": "workers",
        "type": "EDS",
        "connect_timeout": "1s",
        "eds_cluster_config": {"eds_config": {"resource_api_version": "V3", "path_config_source": source}},
        "load_balancing_policy": {"policies": [policy]},
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "ignore_health_on_host_removal": True,
        "health_checks": [
            {
                "timeout": "1s",
                "interval": "2s",
                "no_traffic_interval": "2s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {},
            }
        ],
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": _HTTP,
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
    }
