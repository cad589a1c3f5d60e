"""domain.Catalogue by the manifest and the model cache on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from inference_svc.drafting.domain.model import KnownModel
from model_files.files import ModelFiles
from model_files.manifest import HuggingFaceFile, ModelEntry, PackagedFile


class ManifestCatalogue:
    """The models of the manifest."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files

    def ids(self) -> tuple[str, ...]:
        """Their ids, in the manifest's order."""
        return self._files.manifest.ids()

    async def models(self) -> Sequence[KnownModel]:
        """What is known of them; whether a file is there is looked up each time, since people copy files."""
        return await asyncio.to_thread(lambda: [self._known(model) for model in self._files.manifest.models])

    def _known(self, model: ModelEntry) -> KnownModel:
        place = self._files.place(model)
        return KnownModel(
            model_id=model.id,
            display_name=model.display_name,
            license=model.licence,
            prompt_style=model.prompt.value,
            context_size=model.context_size,
            source=_source(model),
            installed=place is not None and place.is_file(),
        )


def _source(model: ModelEntry) -> str:
    match model.source:
        case HuggingFaceFile(repository=repository, file=file):
            return f"huggingface.co/{repository}, {file}"
        case PackagedFile(package=package):
            return f"Python package {package}"
        case _:
            # A path of this machine is nobody's business outside.
            return model.source.file
