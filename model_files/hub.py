"""Hugging Face, or a server that speaks like it: what a file is there, and its bytes. HF_ENDPOINT and HF_TOKEN are the library's."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers
from rich.filesize import decimal

from model_files.errors import ModelCommandError
from model_files.manifest import HuggingFaceFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the server describes it, at one commit."""

    url: str
    revision: str
    size: int
    etag: str

    @property
    def sha256(self) -> str | None:
        """The checksum that the server states, as it does of large files."""
        return self.etag if _SHA256.fullmatch(self.etag) else None


class Hub:
    """Asks the server that HF_ENDPOINT names. Raises ModelCommandError with what to do."""

    def __init__(self) -> None:
        address = urlsplit(constants.ENDPOINT)
        # Whoever puts a password into the address does not want to read it in a message.
        self.name = address.netloc.rpartition("@")[2] + address.path
        self._url = f"{address.scheme}://{self.name}"

    def look_up(self, source: HuggingFaceFile) -> RemoteFile:
        """What the file is now."""
        with self._clear_errors(source):
            found = get_hf_file_metadata(hf_hub_url(source.repository, source.file, revision=source.revision))
        if found.commit_hash is None or found.etag is None or found.size is None:
            raise ModelCommandError(
                f"{self.name} does not answer as Hugging Face does: look at HF_ENDPOINT, and whether a proxy or a sign-in "
                "page of the network answers in its place"
            )
        if found.size > constants.MAX_HTTP_DOWNLOAD_SIZE:
            raise ModelCommandError(
                f"{source.file} has {decimal(found.size)}, more than {self.name} gives in one piece: choose a smaller model, or "
                "bring the file from elsewhere (docs/MODELS.md)"
            )
        # By commit: what a branch means may change before a download that was interrupted goes on.
        url = hf_hub_url(source.repository, source.file, revision=found.commit_hash)
        return RemoteFile(url, found.commit_hash, found.size, found.etag)

    def fetch(self, source: HuggingFaceFile, remote: RemoteFile, path: Path, tell: Callable[[int], None]) -> None:
        """Bring what `path` lacks; `tell` hears how much it has. What has come stays there when this fails.

        Not hf_hub_download: it removes an unfinished file, so that a download that was interrupted begins anew.
        """
        with self._clear_errors(source), _GrowingFile(path, tell) as file:
            http_get(
                remote.url,
                file,
                resume_size=file.tell(),
                headers=build_hf_headers(),
                expected_size=remote.size,
            )

    @contextmanager
    def _clear_errors(self, source: HuggingFaceFile) -> Iterator[None]:
        try:
            yield
        except OfflineModeIsEnabled:
            raise ModelCommandError("HF_HUB_OFFLINE forbids every download: unset it for this command") from None
        except HfHubHTTPError as error:
            raise ModelCommandError(self._refusal(source, error)) from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
            raise ModelCommandError(
                f"{self.name} cannot be reached ({error}): look at the network, HTTPS_PROXY and HF_ENDPOINT, or bring the "
                "file from another machine (docs/MODELS.md)"
            ) from None
        except httpx2.HTTPError as error:
            raise ModelCommandError(
                f"the connection to {self.name} broke ({type(error).__name__}): the same command goes on where it stopped"
            ) from None

    def _refusal(self, source: HuggingFaceFile, error: HfHubHTTPError) -> str:
        page = f"{self._url}/{source.repository}"
        status = error.response.status_code
        match error:
            case GatedRepoError():
                return f"{source.repository} wants its terms accepted first: do so at {page}, then set HF_TOKEN to a token of that account"
            case RevisionNotFoundError():
                return f"{source.repository} has no revision {source.revision}: {page} shows what there is"
            case RemoteEntryNotFoundError():
                return (
                    f"{source.repository} has no file {source.file}: {page}/tree/{source.revision} shows what there is"
                )
            case RepositoryNotFoundError():
                return f"{source.repository} does not exist on {self.name}, or HF_TOKEN has to name an account that may see it"
        if status in (401, 403):
            return f"{self.name} refuses {source.repository} ({status}): set HF_TOKEN to a token that may read it, or renew it"
        if status == 404:
            return f"{self.name} has no {source.file} in {source.repository}: {page} shows what there is"
        return f"{self.name} answered {status} for {source.repository}: try again later"


class _GrowingFile(io.FileIO):
    """A file that is written on from its end and tells how long it is."""

    def __init__(self, path: Path, tell: Callable[[int], None]) -> None:
        path.touch()
        super().__init__(path, "r+")
        self._tell = tell
        self.seek(0, io.SEEK_END)

    def write(self, data: ReadableBuffer, /) -> int:
        rest = memoryview(data)
        length = rest.nbytes
        # An almost full disk takes a part and fails only at the next one.
        while rest.nbytes:
            rest = rest[super().write(rest) :]
        self._tell(self.tell())
        return length
