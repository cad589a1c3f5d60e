"""The web UI as files: hashed assets that never change, and one page for every path that the UI itself routes."""

import mimetypes
from pathlib import Path

from stack.edge.parts import Config

# A path of the UI has no dot in its first segment, so that it is none of /assistant.…, /grpc.… and /.well-known/…
UI_PATHS = r"/([A-Za-z0-9_~-]+(/.*)?)?"
ASSETS = "/assets/"
FOREVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
# Asked for at each visit: it names the assets of the newest build.
ALWAYS_ASK = "no-cache"
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
    """Return the request paths of the files beside the page: an icon, a manifest."""
    return [f"/{file.name}" for file in _files_beside_the_page(directory)]


def largest_file(directory: Path) -> int:
    """Return how large the largest of the files is that are answered from memory, and at least Envoy's own limit of 4 KiB."""
    page = directory / "index.html"
    files = [*_files_beside_the_page(directory), *([page] if page.is_file() else [])]
    return max([4096, *(file.stat().st_size for file in files)])


def ui_routes(directory: Path) -> list[Config]:
    """Return the routes of the assets, of the files and of the page."""
    page = directory.resolve() / "index.html"
    return [
        _assets_route(),
        *(_file_route({"path": f"/{file.name}"}, file, AN_HOUR) for file in _files_beside_the_page(directory)),
        _file_route({"safe_regex": {"regex": UI_PATHS}, "headers": [_read_only()]}, page, ALWAYS_ASK),
    ]


def _files_beside_the_page(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return [file for file in sorted(directory.resolve().iterdir()) if file.is_file() and file.name != "index.html"]


def _assets_route() -> Config:
    """The file server answers before its route does, unless the file is not there, so the header is a filter's."""
    mutation = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute"
    # If absent: the 404 of an asset that is gone says already that it is not to be kept.
    cache_control = {**_header("cache-control", FOREVER), "append_action": "ADD_IF_ABSENT"}
    return {
        "match": {"prefix": ASSETS},
        "direct_response": {"status": 404},
        "typed_per_filter_config": {
            **NOT_TRANSCODED,
            "envoy.filters.http.header_mutation": {
                "@type": mutation,
                "mutations": {"response_mutations": [{"append": cache_control}]},
            },
        },
    }


def _file_route(match: Config, file: Path, cache_control: str) -> Config:
    body = {"filename": str(file)} if file.is_file() else {"inline_string": MISSING_UI}
    return {
        "match": match,
        "direct_response": {"status": 200, "body": body},
        "response_headers_to_add": [
            _header("content-type", _content_type(file)),
            _header("cache-control", cache_control),
        ],
        "typed_per_filter_config": NOT_TRANSCODED,
    }


def _content_type(file: Path) -> str:
    guessed = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def _header(name: str, value: str) -> Config:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _read_only() -> Config:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
