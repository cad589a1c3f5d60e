"""The manifest and the choice of a model."""

import copy
from typing import Any

import pytest

from model_files.manifest import (
    HuggingFaceFile,
    LocalFile,
    ManifestError,
    PackagedFile,
    PromptStyle,
    parse_manifest,
)

DOWNLOADED: dict[str, Any] = {
    "id": "ministral-3b-instruct",
    "display_name": "Ministral",
    "source": {"hf": "someone/some-repository", "file": "some.gguf", "revision": "main"},
    "licence": "Apache-2.0",
    "prompt": "chat",
    "context_size": 4096,
}
PACKAGED = DOWNLOADED | {"id": "small", "source": {"package": "a_package", "file": "small.gguf"}, "sha256": "0" * 64}
MANIFEST = parse_manifest({"model": [DOWNLOADED, PACKAGED]})


def test_every_entry_becomes_a_model():
    first, second = MANIFEST.models

    assert first.source == HuggingFaceFile("someone/some-repository", "some.gguf", "main")
    assert (first.prompt, first.context_size, first.sha256) == (PromptStyle.CHAT, 4096, None)
    assert second.source == PackagedFile("a_package", "small.gguf")
    assert MANIFEST.offline() == ("small",)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prompt": "poem"}, "prompt"),
        ({"sha256": "abc"}, "sha256"),
        ({"source": {"url": "x"}}, "source"),
        ({"colour": "red"}, "colour"),
        ({"licence": None}, "licence"),
    ],
)
def test_a_wrong_entry_is_named(change: dict[str, Any], named: str):
    entry = {key: value for key, value in (copy.deepcopy(DOWNLOADED) | change).items() if value is not None}

    with pytest.raises(ManifestError, match=f"ministral-3b-instruct.*{named}"):
        parse_manifest({"model": [entry]})


def test_an_id_comes_once():
    with pytest.raises(ManifestError, match="ministral-3b-instruct twice"):
        parse_manifest({"model": [DOWNLOADED, DOWNLOADED]})


def test_an_empty_manifest_is_an_error():
    with pytest.raises(ManifestError):
        parse_manifest({})


def test_the_path_goes_before_the_id_and_the_id_before_the_default():
    assert MANIFEST.choose("/models/mine.gguf", "small").source == LocalFile("/models/mine.gguf")
    assert MANIFEST.choose("", "small").id == "small"
    assert MANIFEST.choose("", "").id == "ministral-3b-instruct"


def test_an_unknown_id_lists_the_known_ones():
    with pytest.raises(ManifestError, match="known models are ministral-3b-instruct, small"):
        MANIFEST.choose("", "gpt")


def test_a_file_with_a_known_name_is_that_model_and_any_other_is_named_by_its_file():
    assert MANIFEST.choose("/models/small.gguf", "").id == "small"
    assert MANIFEST.choose("/models/small.gguf", "").sha256 is None
    assert MANIFEST.choose("/models/mine.gguf", "").id == "mine.gguf"
