"""The web UI: hashed assets that never change, and one page for every path that the UI itself routes.

Envoy reads the files once, at its start, and answers from memory: the page and its assets are always of the same build.
"""

from pathlib import Path

from stack.edge.parts import Config

# A path of the UI has no dot in its first segment, so that it is none of /assistant.…, /grpc.… and /.well-known/…
UI_PATHS = r"/([A-Za-z0-9_~-]+(/.*)?)?"
PAGE = "index.html"
ASSETS = "/assets/"
FOREVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
# Asked for at each visit: it names the assets of the newest build.
ALWAYS_ASK = "no-cache"
# Not the system's table: browsers refuse a script of a type that they do not expect.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
# The transcoder would refuse every path that is no RPC.
NOT_TRANSCODED: Config = {
    "envoy.filters.http.grpc_json_transcoder": {
        "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
        "config": {},
        "disabled": True,
    }
}
MISSING_UI = (
    "<!doctype html><html lang=en><title>Conversation Assistant</title><p>The API is up, but the web UI has not been built."
    " Run <code>make setup</code> in the checkout and start again."
)


def ui_file_paths(directory: Path) -> list[str]:
    """Return the request paths of the files beside the page."""
    return [_request_path(directory, file) for file in _files(directory)]


def largest_file(directory: Path) -> int:
    """Return how large the largest of the files is, and at least Envoy's own limit for an answer from memory."""
    page = directory / PAGE
    files = [*_files(directory), *([page] if page.is_file() else [])]
    return max([4096, *(file.stat().st_size for file in files)])


def ui_routes(directory: Path) -> list[Config]:
    """Return the routes of the files and of the page."""
    page = directory / PAGE
    return [
        *(_file_route({"path": path}, directory, path) for path in ui_file_paths(directory)),
        {"match": {"prefix": ASSETS}, "direct_response": {"status": 404}, "typed_per_filter_config": NOT_TRANSCODED},
        _page_route(page),
    ]


def _files(directory: Path) -> list[Path]:
    return [file for file in sorted(directory.rglob("*")) if file.is_file() and file != directory / PAGE]


def _request_path(directory: Path, file: Path) -> str:
    return f"/{file.relative_to(directory).as_posix()}"


def _file_route(match: Config, directory: Path, path: str) -> Config:
    file = directory.resolve() / path.lstrip("/")
    return _answer(match, {"filename": str(file)}, _content_type(file), FOREVER if path.startswith(ASSETS) else AN_HOUR)


def _page_route(page: Path) -> Config:
    body = {"filename": str(page.resolve())} if page.is_file() else {"inline_string": MISSING_UI}
    return _answer(
        {"safe_regex": {"regex": UI_PATHS}, "headers": [_read_only()]}, body, _content_type(page), ALWAYS_ASK
    )


def _answer(match: Config, body: Config, content_type: str, cache_control: str) -> Config:
    return {
        "match": match,
        "direct_response": {"status": 200, "body": body},
        "response_headers_to_add": [_header("content-type", content_type), _header("cache-control", cache_control)],
        "typed_per_filter_config": NOT_TRANSCODED,
    }


def _content_type(file: Path) -> str:
    return CONTENT_TYPES.get(file.suffix, "application/octet-stream")


def _header(name: str, value: str) -> Config:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _read_only() -> Config:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
