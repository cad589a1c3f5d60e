"""Puts the whole configuration together."""

from pathlib import Path

import yaml

from stack.edge.api_surface import Rpc, reachable_services, read_surface
from stack.edge.auth_rules import jwt_rules
from stack.edge.error_replies import local_replies
from stack.edge.parts import Config, part
from stack.edge.routes import READY_PATH, virtual_host
from stack.edge.settings import EdgeSettings
from stack.edge.static_ui import largest_file, ui_file_paths
from svc_kit.clients import MAX_MESSAGE_BYTES
from svc_kit.tokens import API_AUDIENCE, ISSUER, LEEWAY_S, SESSION_COOKIE

# Everything comes from the one origin, and nothing is ever written into the page as code.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
STRICT_TRANSPORT = {"strict-transport-security": "max-age=31536000"}


def render(settings: EdgeSettings) -> str:
    """Return the configuration file for Envoy."""
    rpcs = read_surface(settings.descriptor_set)
    config = part("bootstrap", admin_socket=str(settings.admin_socket))
    config["static_resources"] = {
        "listeners": [_listener(settings, rpcs)],
        "clusters": [
            part("cluster", name=name, host=upstream.host, port=upstream.port)
            for name, upstream in settings.upstreams.items()
        ],
    }
    return yaml.safe_dump(config, sort_keys=False, width=140)


def write_config(settings: EdgeSettings, path: Path) -> None:
    """Write the configuration file, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(render(settings))
    path.chmod(0o600)


def _listener(settings: EdgeSettings, rpcs: list[Rpc]) -> Config:
    listener = part("listener", host=settings.host, port=settings.port, trusted_hops=settings.trusted_hops)
    chain = listener["filter_chains"][0]
    if settings.certificate is not None:
        tls_files = {"tls_certificate": str(settings.certificate.chain), "tls_key": str(settings.certificate.key)}
        chain["transport_socket"] = part("tls", **tls_files)
    chain["filters"][0]["typed_config"].update(
        access_log=[part("access_log", ready_path=READY_PATH)],
        local_reply_config=local_replies(),
        http_filters=_http_filters(settings, rpcs),
        route_config={
            "name": "routes",
            "virtual_hosts": [virtual_host(settings, rpcs)],
            "max_direct_response_body_size_bytes": largest_file(settings.ui_directory),
        },
    )
    return listener


def _http_filters(settings: EdgeSettings, rpcs: list[Rpc]) -> list[Config]:
    """Return what every request passes, in this order."""
    headers = SECURITY_HEADERS | (STRICT_TRANSPORT if settings.certificate else {})
    filters = [
        part("filters/headers", security_headers=headers),
        part("filters/cors"),
        part("filters/same_site", cors_origins=settings.cors_origins),
        part("filters/grpc_web"),
        part("filters/rate_limit"),
        _jwt(settings, rpcs),
        part("filters/compressor"),
        part("filters/body_limit", max_message_bytes=MAX_MESSAGE_BYTES),
    ]
    services = reachable_services(rpcs)
    transcoder = part(
        "filters/transcoder",
        descriptor_set=str(settings.descriptor_set),
        services=services,
        max_message_bytes=MAX_MESSAGE_BYTES,
    )
    return [*filters, transcoder, part("filters/router")]


def _jwt(settings: EdgeSettings, rpcs: list[Rpc]) -> Config:
    filter_ = part(
        "filters/jwt",
        issuer=ISSUER,
        audience=API_AUDIENCE,
        cookie=SESSION_COOKIE,
        jwks_file=str(settings.jwks_file),
        clock_skew_seconds=LEEWAY_S,
    )
    filter_["typed_config"]["rules"] = jwt_rules(rpcs, ui_file_paths(settings.ui_directory))
    return filter_
