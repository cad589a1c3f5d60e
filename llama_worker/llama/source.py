"""The model that the settings name, found on this machine and loaded into llama.cpp."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path

from llama_worker.engine.model import LoadedModel, ModelFileUnusable, ModelUnusable, Progress
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.fit_advice import refusal
from llama_worker.llama.gguf_header import HeaderUnreadable, read_header
from llama_worker.llama.machine_memory import machine_memory
from llama_worker.llama.memory_fit import Load, MachineMemory
from llama_worker.llama.model import LlamaModel, check_file
from llama_worker.llama.model_shape import shape_of
from llama_worker.llama.tokenizer import Tokenizer
from model_files.files import Checksums, ModelFiles, ModelMissing
from model_files.manifest import ManifestError, ModelEntry


@dataclass(frozen=True, slots=True)
class Hardware:
    """What to load the model onto."""

    context: ContextOptions
    gpu_layers: int
    # Whether to refuse a model that does not fit, rather than let the system end the process or crawl.
    check_memory: bool = True
    memory: Callable[[], MachineMemory] = machine_memory


class LlamaSource:
    """A model by file or by id. A missing one is an error of `load`, not of the constructor, so that Status can report it."""

    def __init__(self, files: ModelFiles, path: str, model_id: str, hardware: Hardware) -> None:
        self._files = files
        self._checksums = Checksums(files.cache)
        self._hardware = hardware
        self._entry: ModelEntry | None = None
        self._problem = ""
        try:
            self._entry = files.manifest.choose(path, model_id)
        except ManifestError as error:
            self._problem = str(error)
        self.id = self._entry.id if self._entry else model_id
        self.display_name = self._entry.display_name if self._entry else model_id
        self.prompt_style = self._entry.prompt.value if self._entry else ""

    def load(self, progress: Progress) -> LoadedModel:
        """Check the file (header, SHA-256, memory) and load it. Raises ModelUnusable or ModelFileUnusable with one line."""
        if self._entry is None:
            raise ModelFileUnusable(self._problem)
        path = self._find(self._entry)
        check_file(path)
        sha256 = self._check_content(self._entry, path)
        if self._hardware.check_memory:
            self._check_memory(self._entry, path)
        model = LlamaModel(path, self._hardware.gpu_layers, progress)
        model.sha256 = sha256
        try:
            tokenizer = Tokenizer(model)
            backend = LlamaBackend(model, tokenizer, self._context(model))
        except BaseException:
            model.close()
            raise
        return LoadedModel(backend, tokenizer, model.chat_template(), sha256)

    def fingerprint(self) -> Hashable:
        """Path, inode, size and time of change of the file, as far as it is there."""
        path = self._files.place(self._entry) if self._entry else None
        try:
            stat = path.stat() if path else None
        except OSError:
            stat = None
        return (str(path), stat and (stat.st_ino, stat.st_size, stat.st_mtime_ns))

    def _find(self, entry: ModelEntry) -> Path:
        try:
            return self._files.find(entry)
        except ModelMissing as error:
            raise ModelFileUnusable(str(error)) from None

    def _check_content(self, entry: ModelEntry, path: Path) -> str:
        try:
            sha256 = self._checksums.of(path)
        except OSError as error:
            raise ModelFileUnusable(f"model file {path} cannot be read: {error.strerror}") from None
        if entry.sha256 not in (None, sha256):
            raise ModelFileUnusable(f"model file {path} is not the one that the manifest names: its SHA-256 differs")
        return sha256

    def _check_memory(self, entry: ModelEntry, path: Path) -> None:
        context = self._hardware.context
        try:
            shape = shape_of(read_header(path))
        except (OSError, HeaderUnreadable) as error:
            raise ModelFileUnusable(
                f"model file {path} cannot be loaded; it may be truncated or damaged ({error})"
            ) from None
        if shape is None:
            return
        load = Load(shape, context.pool_size, context.sequences, context.batch_size, self._hardware.gpu_layers)
        found = refusal(entry.id, load, context.context_size, self._hardware.memory())
        if found is not None:
            # Memory that others hold may be free later; memory that is not there never is.
            raise (ModelFileUnusable if found.for_ever else ModelUnusable)(found.line)

    def _context(self, model: LlamaModel) -> ContextOptions:
        """The context of the settings, but no longer than the model was trained for: beyond that its text is nonsense."""
        wanted = self._hardware.context
        longest = model.trained_context or wanted.context_size
        return replace(wanted, context_size=min(wanted.context_size, longest))
