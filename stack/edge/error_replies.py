"""Envoy's own errors in the shape of every other error: the JSON of google.rpc.Status."""

from stack.edge.parts import Config

# HTTP status to (google.rpc.Code, reason); the numbers are those that the transcoder uses the other way round.
CODES = {
    400: (3, "INVALID_INPUT"),
    401: (16, "UNAUTHENTICATED"),
    403: (7, "PERMISSION_DENIED"),
    404: (5, "NOT_FOUND"),
    405: (12, "METHOD_NOT_ALLOWED"),
    408: (4, "DEADLINE_EXCEEDED"),
    413: (3, "TOO_LARGE"),
    429: (8, "RATE_LIMITED"),
    431: (3, "TOO_LARGE"),
    501: (12, "NOT_IMPLEMENTED"),
    503: (14, "UNAVAILABLE"),
    504: (4, "DEADLINE_EXCEEDED"),
}
ANY_ERROR = (13, "INTERNAL")
# For statuses where Envoy's own message would only tell how the services are connected.
MESSAGES = {
    503: "a part of the server does not answer; try again in a moment",
    504: "a part of the server did not answer in time; try again in a moment",
}
ERROR_DOMAIN = "conversation-assistant"


def local_replies() -> Config:
    """Return the mappers, the general one last. Without a mapper a reply stays as it is, which the pages of the UI need."""
    mappers = [_mapper("EQ", status, *reply) for status, reply in CODES.items()]
    return {"mappers": [*mappers, _mapper("GE", 400, *ANY_ERROR)]}


def _mapper(operator: str, status: int, code: int, reason: str) -> Config:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": ERROR_DOMAIN}]
    do_not_keep = {
        "header": {"key": "cache-control", "value": "no-store"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    return {
        "headers_to_add": [do_not_keep],
        "filter": {"and_filter": {"filters": [_status_filter(operator, status), _not_grpc()]}},
        "body_format_override": {
            "json_format": {"code": code, "message": MESSAGES.get(status, "%LOCAL_REPLY_BODY%"), "details": details},
            "content_type": "application/json",
        },
    }


def _status_filter(operator: str, status: int) -> Config:
    value = {"default_value": status, "runtime_key": f"local_reply.{operator}.{status}"}
    return {"status_code_filter": {"comparison": {"op": operator, "value": value}}}


def _not_grpc() -> Config:
    """A gRPC client gets the code and the plain message in its own headers; a REST request that became gRPC on the way is none."""
    no_grpc = {"prefix": "application/grpc"}
    content_type = {
        "name": "content-type",
        "string_match": no_grpc,
        "invert_match": True,
        "treat_missing_header_as_empty": True,
    }
    transcoded = {"name": "x-envoy-original-path", "present_match": True}
    return {"or_filter": {"filters": [{"header_filter": {"header": header}} for header in (content_type, transcoded)]}}
