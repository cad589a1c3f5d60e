"""What ModelHost needs of a model: how to load it, its vocabulary, and what can be wrong with it."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from llama_worker.engine.backend import Backend
from prompting.prompt_part import PromptPart


class ModelUnusable(Exception):
    """The model cannot be used; the message is one line for the log and for Status."""


class ModelFileUnusable(ModelUnusable):
    """The file or the settings are wrong: the model is tried again only once the file has changed."""


class Vocabulary(Protocol):
    """Text to tokens, from any thread."""

    bos_text: str
    eos_text: str

    def prompt(self, parts: Iterable[PromptPart]) -> list[int]:
        """The tokens of a prompt, with the model's opening token if it wants one."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by itself, special tokens off."""

    def grammar(self, gbnf: str, json_schema: str) -> str:
        """The checked GBNF grammar of either; empty when both are. Raises InvalidInput naming the field."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, with its vocabulary, chat template (Jinja) and SHA-256 (hex)."""

    backend: Backend
    vocabulary: Vocabulary
    chat_template: str
    sha256: str


Progress = Callable[[float], bool]


class ModelSource(Protocol):
    """The model that the settings name."""

    id: str
    display_name: str
    prompt_style: str

    def load(self, progress: Progress) -> LoadedModel:
        """Load it in the calling thread; `progress` is called with 0 to 1 and returns False to give up. Raises ModelUnusable."""

    def fingerprint(self) -> Hashable:
        """Something that differs once the file has changed, come or gone."""
