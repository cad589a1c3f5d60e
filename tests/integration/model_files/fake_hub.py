"""A server on loopback that speaks as much of Hugging Face as a download needs, and can be told to fail."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b"
PIECE = 1 << 20


@dataclass
class FakeHub:
    """One file of one repository. The bytes are on another host, as on the real hub: `localhost` is not 127.0.0.1."""

    repository: str
    file: str
    content: bytes
    # What is stated; None states the truth.
    stated_etag: str | None = None
    stated_size: int | None = None
    # The status of each request for the file's description, with Hugging Face's own name of the error.
    refusal: tuple[int, str] | None = None
    says_who_it_is: bool = True
    # How many bytes the next requests for the content get before the connection is cut, or held until `gate` opens.
    cut_after: list[int] = field(default_factory=list)
    hold_after: int | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    # What came: the Range of each request for the content, the tokens that each host was shown, and other paths.
    ranges: list[str | None] = field(default_factory=list)
    hub_tokens: list[str | None] = field(default_factory=list)
    blob_tokens: list[str | None] = field(default_factory=list)
    other_paths: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub, described = self.hub, re.fullmatch(r"/(.+)/resolve/([^/]+)/(.+)", self.path)
        if self.path == "/blob":
            self._send_content()
        elif described is None:
            hub.other_paths.append(self.path)
            self._refuse(404, "")
        elif hub.refusal is not None:
            self._refuse(*hub.refusal)
        elif described[1] != hub.repository:
            self._refuse(401, "RepoNotFound")
        elif described[3] != hub.file or described[2] not in ("main", COMMIT):
            self._refuse(404, "EntryNotFound")
        else:
            self._describe()

    def _describe(self) -> None:
        hub = self.hub
        hub.hub_tokens.append(self.headers["Authorization"])
        self.send_response(302)
        self.send_header("Location", f"http://localhost:{hub.port}/blob")
        if hub.says_who_it_is:
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("X-Linked-Etag", f'"{hub.stated_etag or hub.sha256}"')
            self.send_header("X-Linked-Size", str(hub.stated_size or len(hub.content)))
        self._end_without_content()

    def _refuse(self, status: int, error: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", error)
        self._end_without_content()

    def _send_content(self) -> None:
        hub = self.hub
        wanted = self.headers["Range"]
        hub.ranges.append(wanted)
        hub.blob_tokens.append(self.headers["Authorization"])
        start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted else 0
        size = len(hub.content)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        self._write(hub.content[start:])

    def _write(self, content: bytes) -> None:
        hub = self.hub
        cut = hub.cut_after.pop(0) if hub.cut_after else None
        try:
            for begin in range(0, len(content), PIECE):
                if cut is not None and begin >= cut:
                    self.close_connection = True
                    return
                if hub.hold_after is not None and begin >= hub.hold_after:
                    hub.gate.wait()
                self.wfile.write(content[begin : begin + PIECE])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _end_without_content(self) -> None:
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    """Run it on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        hub.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
