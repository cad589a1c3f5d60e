"""An engine on a real model, and readers for it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from llama_worker.engine.engine import Engine
from llama_worker.engine.events import Finished, Piece
from llama_worker.engine.model import Vocabulary
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest
from llama_worker.llama.backend import ContextOptions, LlamaBackend
from llama_worker.llama.model import LlamaModel
from llama_worker.llama.tokenizer import Tokenizer
from prompting.prompt_part import PromptPart


@dataclass
class Answer:
    """What one generation said, by suggestion."""

    texts: dict[int, str] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    ends: list[Finished] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.texts.get(0, "")


class RunningModel:
    """A real model with its engine."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary) -> None:
        self.engine = engine
        self.vocabulary = vocabulary

    def prompt(self, text: str) -> list[int]:
        return self.vocabulary.prompt([PromptPart(text, special=False)])

    def chat(self, text: str) -> list[int]:
        return self.vocabulary.prompt(
            [
                PromptPart("<|im_start|>user\n", special=True),
                PromptPart(text, special=False),
                PromptPart("<|im_end|>\n<|im_start|>assistant\n", special=True),
            ]
        )

    async def ask(self, prompt: Sequence[int], **options: object) -> Answer:
        answer = Answer()
        async with self.engine.submit(GenerationRequest(prompt, **options)) as events:  # type: ignore[arg-type]
            async for event in events:
                if isinstance(event, Piece):
                    answer.pieces.append(event.text)
                    answer.texts[event.suggestion] = answer.texts.get(event.suggestion, "") + event.text
                elif isinstance(event, Finished):
                    answer.ends.append(event)
        return answer


@asynccontextmanager
async def running_model(
    path: Path, options: ContextOptions, engine_options: EngineOptions | None = None
) -> AsyncIterator[RunningModel]:
    vocabularies: list[Vocabulary] = []

    def load() -> LlamaBackend:
        model = LlamaModel(path, 0, lambda _: True)
        tokenizer = Tokenizer(model)
        vocabularies.append(tokenizer)
        return LlamaBackend(model, tokenizer, options)

    engine = Engine(load, engine_options or EngineOptions())
    await engine.start()
    try:
        yield RunningModel(engine, vocabularies[0])
    finally:
        await engine.stop()
