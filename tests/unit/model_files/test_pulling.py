"""A download against a manifest that pins a checksum, from a server that is none."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model_files.errors import ModelCommandError
from model_files.files import Checksums, ModelFiles
from model_files.hub import RemoteFile
from model_files.manifest import HuggingFaceFile, LocalFile, Manifest, ModelEntry, PromptStyle
from model_files.pulling import Puller
from model_files.receipts import Receipt, Receipts

CONTENT = b"GGUF and more"
RIGHT, WRONG = hashlib.sha256(CONTENT).hexdigest(), "0" * 64
SOURCE = HuggingFaceFile("somebody/something", "sub/model.gguf", "main")


class ScriptedServer:
    """Sends the content, or fails when it is told to."""

    name = "hub.example"

    def __init__(self, etag: str = RIGHT, failure: OSError | None = None, size: int = len(CONTENT)) -> None:
        self.etag = etag
        self.size = size
        self.failure = failure
        self.fetches = 0

    def look_up(self, source: HuggingFaceFile) -> RemoteFile:
        return RemoteFile("https://hub.example/x", "c0ffee", self.size, self.etag)

    def fetch(self, source: HuggingFaceFile, remote: RemoteFile, path: Path, tell: Callable[[int], None]) -> None:
        self.fetches += 1
        if self.failure is not None:
            raise self.failure
        path.write_bytes(CONTENT)
        tell(len(CONTENT))


class Listener:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    @contextmanager
    def downloading(self, name: str, size: int, start: int) -> Iterator[Callable[[int], None]]:
        yield lambda done: None


def model(sha256: str | None) -> ModelEntry:
    return ModelEntry("m", "M", SOURCE, "MIT", PromptStyle.TRANSCRIPT, 2048, sha256)


def pull(cache: Path, server: ScriptedServer, sha256: str | None) -> list[str]:
    listener = Listener()
    entry = model(sha256)
    Puller(ModelFiles(Manifest((entry,)), cache), server, listener).pull(entry)
    return listener.lines


def test_a_pinned_file_comes_without_a_note(tmp_path: Path):
    lines = pull(tmp_path, ScriptedServer(), RIGHT)

    assert lines[1:] == [f"m: 13 bytes in {tmp_path / 'sub/model.gguf'}"]
    assert (tmp_path / "sub/model.gguf").read_bytes() == CONTENT
    assert Receipts(tmp_path).of(SOURCE) == Receipt("somebody/something", "sub/model.gguf", "c0ffee", RIGHT)


def test_the_worker_need_not_read_it_again(tmp_path: Path):
    pull(tmp_path, ScriptedServer(), RIGHT)
    place = tmp_path / "sub/model.gguf"
    stat = place.stat()
    place.write_bytes(CONTENT[::-1])
    os.utime(place, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    assert Checksums(tmp_path).of(place) == RIGHT


def test_another_file_than_the_pinned_one_is_not_even_downloaded(tmp_path: Path):
    server = ScriptedServer(etag=RIGHT)

    with pytest.raises(ModelCommandError, match=r"another sub/model\.gguf than the manifest names"):
        pull(tmp_path, server, WRONG)

    assert server.fetches == 0


def test_the_pin_counts_where_the_server_states_nothing(tmp_path: Path):
    with pytest.raises(ModelCommandError, match=f"its SHA-256 is {RIGHT}, the manifest says {WRONG}"):
        pull(tmp_path, ScriptedServer(etag="abcd"), WRONG)

    assert not (tmp_path / "sub/model.gguf").exists()
    assert list((tmp_path / "partial").glob("*.part")) == []


def test_a_file_that_is_not_the_pinned_one_is_replaced(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/model.gguf").write_bytes(b"something else")

    lines = pull(tmp_path, ScriptedServer(), RIGHT)

    assert "is replaced" in lines[0]
    assert (tmp_path / "sub/model.gguf").read_bytes() == CONTENT


def test_the_pinned_file_is_not_downloaded_again(tmp_path: Path):
    server = ScriptedServer()
    pull(tmp_path, server, RIGHT)

    assert pull(tmp_path, server, RIGHT) == [f"m is here already: {tmp_path / 'sub/model.gguf'}"]
    assert server.fetches == 1


def test_a_disk_without_room_is_told_before_anything_comes(tmp_path: Path):
    server = ScriptedServer(size=10**16)

    with pytest.raises(ModelCommandError, match=r"10\.0 PB are to come .* ASSISTANT_MODEL_CACHE"):
        pull(tmp_path, server, RIGHT)

    assert server.fetches == 0


def test_a_file_of_your_own_that_is_missing_is_named(tmp_path: Path):
    entry = ModelEntry("m", "M", LocalFile("/nowhere/m.gguf"), "", PromptStyle.TRANSCRIPT, 0)

    with pytest.raises(ModelCommandError, match=r"/nowhere/m\.gguf does not exist"):
        Puller(ModelFiles(Manifest((entry,)), tmp_path), ScriptedServer(), Listener()).pull(entry)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "is full: make room"),
        (OSError(errno.EACCES, "Permission denied"), "cannot write in"),
        (OSError("file should be of size 13 but has size 5"), "ended too early"),
    ],
)
def test_trouble_with_the_disk_is_one_line(tmp_path: Path, failure: OSError, words: str):
    with pytest.raises(ModelCommandError, match=words) as raised:
        pull(tmp_path, ScriptedServer(failure=failure), RIGHT)

    assert "\n" not in str(raised.value)
