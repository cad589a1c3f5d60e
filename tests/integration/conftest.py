"""The model that comes with the product."""

from pathlib import Path

import pytest

from model_files.files import DEFAULT_CACHE, ModelFiles, load_manifest


@pytest.fixture(scope="session")
def model_path() -> Path:
    files = ModelFiles(load_manifest(), DEFAULT_CACHE)
    return files.find(files.manifest.get("smollm2-135m-instruct"))
