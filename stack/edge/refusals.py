"""Requests that Envoy refuses by itself: what gRPC cannot read, and ids that are given twice."""

from collections.abc import Iterable

from stack.edge.api_surface import RestBinding, Rpc
from stack.edge.parts import Config
from stack.edge.static_ui import NOT_TRANSCODED

# gRPC over HTTP/2, "Requests": https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
TIMEOUT = "[0-9]{1,8}[HMSmun]"
ENCODINGS = "identity|gzip|deflate"
INVALID_ARGUMENT, UNIMPLEMENTED = 3, 12
# Matches the path with its query: an escape stands in the name of a parameter.
ESCAPED_NAME = r"[^?]*\?([^&]*&)*[^=&]*%.*"


def malformed_grpc_routes() -> list[Config]:
    """Return the routes that end a gRPC or gRPC-Web request whose headers gRPC cannot read, with a gRPC status."""
    return [
        _malformed_header(
            "grpc-timeout", TIMEOUT, INVALID_ARGUMENT, "grpc-timeout has to be 1 to 8 digits and one of H M S m u n"
        ),
        _malformed_header(
            "grpc-encoding", ENCODINGS, UNIMPLEMENTED, "grpc-encoding has to be one of identity, gzip, deflate"
        ),
    ]


def repeated_id_routes(rpcs: Iterable[Rpc]) -> list[Config]:
    """Return the routes that refuse a query parameter for a field that the path gives already, for every REST path.

    The transcoder would let the query win: a request for one conversation would read or delete another.
    """
    repeated = [
        _repeated_id(binding, field, spelling)
        for rpc in rpcs
        for binding in rpc.rest
        for field in binding.variables
        for spelling in rpc.spellings[field]
    ]
    # Envoy compares the names of parameters as they were sent; the transcoder reads escapes first.
    return [_escaped_name(), *repeated]


def _malformed_header(name: str, well_formed: str, grpc_status: int, message: str) -> Config:
    headers: list[Config] = [
        {"name": "content-type", "string_match": {"prefix": "application/grpc"}},
        {"name": name, "present_match": True},
        {"name": name, "string_match": {"safe_regex": {"regex": well_formed}}, "invert_match": True},
    ]
    status = {"header": {"key": "grpc-status", "value": str(grpc_status)}}
    return {**_refusal({"prefix": "/", "headers": headers}, message), "response_headers_to_add": [status]}


def _escaped_name() -> Config:
    path = {"name": ":path", "string_match": {"safe_regex": {"regex": ESCAPED_NAME}}}
    message = "the name of a query parameter holds an escape (%XX): write the name as it is"
    return _refusal({"prefix": "/api", "headers": [path]}, message)


def _repeated_id(binding: RestBinding, field: str, spelling: str) -> Config:
    match = {
        "safe_regex": {"regex": binding.wide_regex},
        "headers": [{"name": ":method", "string_match": {"exact": binding.method}}],
        "query_parameters": [{"name": spelling, "present_match": True}],
    }
    return _refusal(match, f"{field} is given by the path: leave {spelling} out of the query")


def _refusal(match: Config, message: str) -> Config:
    return {
        "match": match,
        "direct_response": {"status": 400, "body": {"inline_string": message}},
        "typed_per_filter_config": NOT_TRANSCODED,
    }
