"""A sample's prompt has the same tokens that the model read when it served: through both databases and the contract."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from inference_svc.drafting.domain.draft import Draft, Status
from inference_svc.drafting.storage.draft_store import PostgresDraftStore
from inference_svc.peers.training import TrainingService as TrainingPeer
from llama_worker.engine.model import Vocabulary
from llama_worker.llama.backend import ContextOptions
from prompting.chat_template import ChatTemplate
from prompting.context_window import fit_prompt, recent
from prompting.conversation import StyleHints, Turn
from prompting.prompt import Prompt, build_prompt
from prompting.prompt_part import PromptPart
from prompting.stored_prompt import hints_from_json, turns_from_json
from svc_kit.clients import InternalCaller
from svc_kit.database import Database
from svc_kit.ids import new_id
from tests.contract.inference_svc.product import migrated
from tests.integration.llama_worker.running import running_model
from tests.integration.prompting.stored_samples import stored_prompts
from tests.training_service import INTERNAL_KEY, TrainingService, training_service, training_settings

CONVERSATIONS = 200
IM_END = "<|im_end|>"
# Four forms that models are published with. Only the first one's control tokens are control tokens of the model here; the
# others are ordinary text to it, which has to come out the same all the more.
TEMPLATES: dict[str, ChatTemplate | None] = {
    "transcript": None,
    "ChatML": ChatTemplate(
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "[INST]": ChatTemplate(
        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ raise_exception('none') }}"
        "{% elif message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
        "{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}",
        bos_token="<|im_start|>",
        eos_token=IM_END,
    ),
    "<|user|>": ChatTemplate(
        "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + eos_token + '\n' }}"
        "{% endfor %}{{ '<|assistant|>\n' }}",
        eos_token=IM_END,
    ),
    "<start_of_turn>": ChatTemplate(
        "{% for message in messages %}{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
        "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
        "{{ '<start_of_turn>model\n' }}"
    ),
}
PIECES = (
    "ok", "see you at nine", "Where?", "<|im_end|>", "<|im_start|>assistant\n", "<|endoftext|>", "</s>", "[INST]", "[/INST]",
    "<|user|>", "<start_of_turn>model", "\nMe: yes", "Them:", "[My next message: no]", "👩‍👩‍👧", "naïve", "אני בדרך", "今晚八点",
    "  two  spaces ", "\t", "{{ 7 * 7 }}", "{% endfor %}", "q7xDraftText0q7x", "e\u0301", "\u2028", "12,50 €", "…",
)  # fmt: skip


@pytest.fixture(scope="module")
async def vocabulary(model_path: Path) -> AsyncIterator[Vocabulary]:
    async with running_model(
        model_path, ContextOptions(sequences=1, context_size=512, pool_size=512, threads=1)
    ) as model:
        yield model.vocabulary


@pytest.fixture(scope="module")
async def training(database) -> AsyncIterator[TrainingService]:
    async with training_service(training_settings(database)) as running:
        yield running


@pytest.fixture(scope="module")
async def drafts(database) -> AsyncIterator[PostgresDraftStore]:
    pool = Database(await migrated(database))
    yield PostgresDraftStore(pool, "host/127.0.0.1:50053")
    await pool.close()


@pytest.mark.parametrize("form", TEMPLATES)
async def test_serving_and_sample_have_the_same_tokens(
    form: str, vocabulary: Vocabulary, drafts: PostgresDraftStore, training: TrainingService, database
):
    chat, account_id = TEMPLATES[form], new_id()
    chance = random.Random(form)  # noqa: S311 - repeatable
    served = {}
    for _ in range(CONVERSATIONS):
        prompt = await serve(conversation(chance), hints(chance), chat, chance, vocabulary)
        draft = draft_of(prompt)
        await drafts.add(account_id, [draft], seconds=60, repeated=None)
        served[draft.draft_id] = vocabulary.prompt(prompt.parts)

    peer = TrainingPeer(training.channel, InternalCaller("inference_svc", INTERNAL_KEY))
    for draft in await drafts.get(account_id, list(served)):
        await peer.record(account_id, new_id(), draft)

    trained = {}
    for response_id, turns, kept_hints, template_id in await stored_prompts(database, account_id):
        prompt = build_prompt(turns_from_json(turns), hints_from_json(kept_hints), chat)
        assert prompt.template_id == template_id
        trained[response_id] = vocabulary.prompt(prompt.parts)
    assert len(trained) == CONVERSATIONS
    assert trained == served


@pytest.mark.parametrize("form", ["transcript", "ChatML"])
def test_what_people_write_is_never_a_control_token(form: str, vocabulary: Vocabulary):
    turns = [Turn(new_id(), f"a{IM_END}b", mine=False), Turn(new_id(), f"{IM_END}<|im_start|>user", mine=True)]

    prompt = build_prompt(turns, StyleHints(tone=IM_END, instruction=f"short{IM_END}"), TEMPLATES[form])

    [control] = vocabulary.prompt([PromptPart(IM_END, special=True)])
    own = sum(part.text.count(IM_END) for part in prompt.parts if part.special)
    assert vocabulary.prompt(prompt.parts).count(control) == own


def conversation(chance: random.Random) -> list[Turn]:
    return [
        Turn(new_id(), text(chance), chance.random() < 0.4, chance.choice(("", "Ana", "Me", IM_END, "Bo: x")))
        for _ in range(chance.randint(1, 24))
    ]


def hints(chance: random.Random) -> StyleHints:
    return StyleHints(
        is_group=chance.random() < 0.5,
        relation=text(chance) if chance.random() < 0.3 else "",
        tone=text(chance) if chance.random() < 0.3 else "",
        instruction=text(chance) if chance.random() < 0.3 else "",
    )


def text(chance: random.Random) -> str:
    return " ".join(chance.choices(PIECES, k=chance.randint(1, 6)))


async def serve(
    turns: Sequence[Turn],
    hints: StyleHints,
    chat: ChatTemplate | None,
    chance: random.Random,
    vocabulary: Vocabulary,
) -> Prompt:
    """The prompt as inference_svc makes it: the window of the last messages, cut to what fits."""

    async def count(texts: Sequence[str]) -> Sequence[int]:
        return vocabulary.count(texts)

    return await fit_prompt(recent(turns, 10), hints, chat, chance.choice((500, 2000, 4000)), count)


def draft_of(prompt: Prompt) -> Draft:
    return Draft(
        draft_id=new_id(),
        message_id=prompt.turns[-1].message_id,
        conversation_id=UUID(int=7),
        prompt=prompt.text,
        model_version="m@1",
        created_at=datetime.now(UTC),
        status=Status.ACCEPTED,
        response="Yes.",
        confidence=0.5,
        acted_at=datetime.now(UTC),
        source=prompt.source,
    )
