"""Prometheus metrics of every service, and the port that shows them."""

from __future__ import annotations

from prometheus_client import Gauge, Histogram, start_http_server

CALL_SECONDS = Histogram(
    "assistant_rpc_seconds",
    "Duration of calls by method and gRPC code.",
    ["rpc", "code"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
CALLS_IN_FLIGHT = Gauge("assistant_rpc_in_flight", "Calls that run now.", ["rpc"])


def serve_metrics(port: int) -> None:
    """Serve /metrics on loopback; port 0 is off."""
    if port:
        start_http_server(port, addr="127.0.0.1")
