"""Where model files are, and their checksums."""

import hashlib
from pathlib import Path

import pytest

from model_files.files import Checksums, ModelFiles, ModelMissing, load_manifest
from model_files.manifest import LocalFile

KNOWN = ["ministral-3b-instruct", "mistral-7b", "llama-2-7b", "phi-2", "smollm2-135m-instruct"]


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    return ModelFiles(load_manifest(), tmp_path)


def test_the_manifest_of_the_product_names_the_known_models():
    assert list(load_manifest().ids()) == KNOWN


def test_the_packaged_model_is_found_and_is_the_pinned_one(files: ModelFiles, tmp_path: Path):
    model = files.manifest.get("smollm2-135m-instruct")

    assert Checksums(tmp_path).of(files.find(model)) == model.sha256


def test_a_download_is_found_in_the_cache(files: ModelFiles, tmp_path: Path):
    model = files.manifest.get("phi-2")
    (tmp_path / model.source.file).write_bytes(b"GGUF")

    assert files.find(model) == tmp_path / model.source.file


def test_a_missing_download_says_where_to_put_it_and_what_works_without(files: ModelFiles, tmp_path: Path):
    with pytest.raises(ModelMissing) as missing:
        files.find(files.manifest.get("phi-2"))

    message = str(missing.value)
    assert str(tmp_path / "phi-2.Q4_K_M.gguf") in message
    assert "ML_SERVICE_MODEL_ID=smollm2-135m-instruct" in message
    assert "\n" not in message


def test_a_missing_path_is_named(files: ModelFiles, tmp_path: Path):
    model = files.manifest.choose(str(tmp_path / "none.gguf"), "")
    assert isinstance(model.source, LocalFile)

    with pytest.raises(ModelMissing, match=r"none\.gguf does not exist"):
        files.find(model)


def test_a_checksum_is_remembered_until_the_file_changes(tmp_path: Path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"one")
    checksums = Checksums(tmp_path / "cache")

    assert checksums.of(file) == hashlib.sha256(b"one").hexdigest()
    (note,) = (tmp_path / "cache" / "checksums").iterdir()
    assert note.read_text() == hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"other")

    assert checksums.of(file) == hashlib.sha256(b"other").hexdigest()


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"one")
    (tmp_path / "cache").write_text("a file where the directory would be")

    assert Checksums(tmp_path / "cache").of(file) == hashlib.sha256(b"one").hexdigest()
