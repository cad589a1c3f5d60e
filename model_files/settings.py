"""The settings of the worker that say which model is meant and where files are."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from model_files.files import DEFAULT_CACHE
from svc_kit.settings import Settings


class ModelsSettings(Settings):
    """What the commands need to know."""

    model_path: str = Field("", validation_alias="ML_SERVICE_MODEL_PATH")
    model_id: str = Field("", validation_alias="ML_SERVICE_MODEL_ID")
    model_cache: Path = Field(DEFAULT_CACHE, validation_alias="ASSISTANT_MODEL_CACHE")
