"""Which paths need a token: all but the public RPCs and the files of the UI."""

from collections.abc import Iterable

from stack.edge.api_surface import Rpc
from stack.edge.parts import Config
from stack.edge.static_ui import ASSETS, UI_PATHS

PROVIDER = "assistant"
# They describe the API, which is no secret, and hold nothing of anybody.
PUBLIC_INFRASTRUCTURE = (
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
)


def jwt_rules(rpcs: Iterable[Rpc], ui_files: Iterable[str]) -> list[Config]:
    """Return the rules in the order in which Envoy tries them; the last one catches everything that was not named."""
    public = [rpc for rpc in rpcs if rpc.is_public]
    rules: list[Config] = [{"match": {"path": rpc.grpc_path}} for rpc in public]
    rules += [
        {"match": _rest_match(binding.template, binding.regex, binding.method)}
        for rpc in public
        for binding in rpc.rest
    ]
    rules += [{"match": {"prefix": prefix}} for prefix in PUBLIC_INFRASTRUCTURE]
    rules += [{"match": {"prefix": "/api"}, "requires": {"provider_name": PROVIDER}}]
    rules += [{"match": {"path": path}} for path in ui_files]
    rules += [{"match": {"prefix": ASSETS}}]
    rules += [{"match": {"safe_regex": {"regex": UI_PATHS}}}]
    rules += [{"match": {"prefix": "/"}, "requires": {"provider_name": PROVIDER}}]
    return rules


def _rest_match(template: str, regex: str, method: str) -> Config:
    path: Config = {"safe_regex": {"regex": regex}} if "{" in template else {"path": template}
    return {**path, "headers": [{"name": ":method", "string_match": {"exact": method}}]}
