"""The routes: one for each RPC that may be called from outside. Nothing else reaches a service."""

from collections.abc import Iterable, Mapping

from stack.edge.api_surface import RestBinding, Rpc
from stack.edge.auth_rules import PUBLIC_INFRASTRUCTURE
from stack.edge.parts import Config, part
from stack.edge.refusals import malformed_grpc_routes, repeated_id_routes
from stack.edge.settings import EdgeSettings, RateLimit
from stack.edge.static_ui import NOT_TRANSCODED, ui_routes
from svc_kit.clients import MAX_MESSAGE_BYTES

# Unary calls that wait for a language model; the others are quick or have failed.
LONG_UNARY = frozenset({"assistant.inference.v1.ResponsesService/GenerateResponse"})
UNARY_SECONDS = 30
LONG_UNARY_SECONDS = 600
STREAM_SECONDS = 3600
# Streams send a heartbeat every 20 s, but a model that prefills a long prompt on a CPU is silent for longer.
STREAM_IDLE_SECONDS = 300
# The service that answers for the whole installation: every service's reflection lists the whole contract.
INFRASTRUCTURE_SERVICE = "device"
# Answered by Envoy alone, to tell that its listener works; it has no line in the access log.
READY_PATH = "/readyz"
DO_NOT_KEEP = {"header": {"key": "cache-control", "value": "no-store"}, "append_action": "ADD_IF_ABSENT"}
BODY_LIMIT = {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
    "buffer": {"max_request_bytes": MAX_MESSAGE_BYTES},
}


def virtual_host(settings: EdgeSettings, rpcs: Iterable[Rpc]) -> Config:
    """Return the routes of the one listener, in the order in which Envoy tries them."""
    reachable = [rpc for rpc in rpcs if rpc.is_reachable]
    limited = [rpc for rpc in reachable if rpc.name in settings.rate_limits]
    host: Config = {
        "name": "everything",
        "domains": ["*"],
        # Answers hold private messages: no cache keeps them, unless a route says otherwise.
        "response_headers_to_add": [DO_NOT_KEEP],
        "routes": [
            *malformed_grpc_routes(),
            *(_grpc_route(rpc, settings.rate_limits) for rpc in reachable),
            *(_infrastructure_route(prefix) for prefix in PUBLIC_INFRASTRUCTURE),
            *repeated_id_routes(reachable),
            # A REST request is matched twice: here for its limits, and again after the transcoder has made it a gRPC request.
            *(_limited_rest_route(rpc, binding, settings.rate_limits) for rpc in limited for binding in rpc.rest),
            *(
                _rest_route({"path": binding.template})
                for rpc in reachable
                for binding in rpc.rest
                if _is_at_the_root(binding)
            ),
            _rest_route({"prefix": "/api"}),
            {"match": {"path": READY_PATH}, **_ready()},
            *ui_routes(settings.ui_directory),
            {"match": {"prefix": "/"}, "direct_response": {"status": 404}},
        ],
    }
    if settings.cors_origins:
        host["typed_per_filter_config"] = {"envoy.filters.http.cors": part("cors", cors_origins=settings.cors_origins)}
    return host


def _grpc_route(rpc: Rpc, limits: Mapping[str, RateLimit]) -> Config:
    route: Config = {"match": {"path": rpc.grpc_path}, "route": {"cluster": rpc.upstream, **_time_limits(rpc)}}
    if not rpc.is_streaming:
        # The service sees a deadline a little before ours, so that its own answer is what the client gets.
        deadline = f"{_unary_seconds(rpc) - 1}S"
        route["request_headers_to_add"] = [
            {"header": {"key": "grpc-timeout", "value": deadline}, "append_action": "ADD_IF_ABSENT"}
        ]
    if rpc.name in limits:
        route["typed_per_filter_config"] = _rate_limit(f"grpc_{rpc.method}", limits[rpc.name])
    return route


def _time_limits(rpc: Rpc) -> Config:
    if rpc.is_streaming:
        limit = f"{STREAM_SECONDS}s"
        return {
            # The time for a whole answer does not apply to a stream, which has a limit of its own.
            "timeout": "0s",
            "idle_timeout": f"{STREAM_IDLE_SECONDS}s",
            "max_stream_duration": {"max_stream_duration": limit, "grpc_timeout_header_max": limit},
        }
    seconds = _unary_seconds(rpc)
    route: Config = {"timeout": f"{seconds}s", "idle_timeout": f"{seconds}s"}
    if rpc.only_reads:
        route["retry_policy"] = {"retry_on": "connect-failure,refused-stream", "num_retries": 2}
    return route


def _unary_seconds(rpc: Rpc) -> int:
    return LONG_UNARY_SECONDS if rpc.name in LONG_UNARY else UNARY_SECONDS


def _infrastructure_route(prefix: str) -> Config:
    return {
        "match": {"prefix": prefix},
        "route": {"cluster": INFRASTRUCTURE_SERVICE, "timeout": "0s", "idle_timeout": f"{STREAM_IDLE_SECONDS}s"},
    }


def _ready() -> Config:
    return {
        "direct_response": {"status": 200, "body": {"inline_string": "ready\n"}},
        "typed_per_filter_config": NOT_TRANSCODED,
    }


def _rest_route(match: Config) -> Config:
    # Only a path that the transcoder knows gets as far as a service, by its gRPC route.
    return {
        "match": match,
        "route": {"cluster": INFRASTRUCTURE_SERVICE},
        "typed_per_filter_config": {
            "envoy.filters.http.buffer": BODY_LIMIT,
            "envoy.filters.http.header_mutation": part("filters/rest_headers"),
        },
    }


def _limited_rest_route(rpc: Rpc, binding: RestBinding, limits: Mapping[str, RateLimit]) -> Config:
    match: Config = {"safe_regex": {"regex": binding.regex}} if binding.has_variables else {"path": binding.template}
    route = _rest_route(match)
    route["typed_per_filter_config"] |= _rate_limit(f"rest_{rpc.method}", limits[rpc.name])
    return route


def _rate_limit(name: str, limit: RateLimit) -> Config:
    config = part(
        "filters/rate_limit_of_route", name=name, burst=limit.burst, seconds_per_request=limit.seconds_per_request
    )
    return {"envoy.filters.http.local_ratelimit": config}


def _is_at_the_root(binding: RestBinding) -> bool:
    return not binding.template.startswith("/api/")
