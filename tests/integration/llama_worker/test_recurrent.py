"""Recurrent and hybrid models, which cannot rewind: a second draft starts from a mark in the first prompt."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import Sampling
from llama_worker.llama.backend import ContextOptions
from tests.integration.llama_worker.running import Answer, RunningModel, running_model
from tests.random_recurrent import write_hybrid, write_mamba

GREEDY = Sampling(temperature=0)
CONTEXT = ContextOptions(sequences=4, context_size=1024, pool_size=4096, threads=2)
TALK = "Them: are you coming to the lake on Saturday?\nMe: yes, with Ben.\n" * 4
ASKS = "Me:"


@pytest.fixture(scope="module", params=[write_mamba, write_hybrid])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = request.param(tmp_path_factory.mktemp("model") / "recurrent.gguf")
    return made


@pytest.fixture(scope="module")
async def recurrent(path: Path) -> AsyncIterator[RunningModel]:
    async with running_model(path, CONTEXT, EngineOptions(spill_bytes=1_000_000)) as model:
        yield model


@pytest.fixture(scope="module")
async def forgetful(path: Path) -> AsyncIterator[RunningModel]:
    """The same with no memory for marks."""
    async with running_model(path, CONTEXT) as model:
        yield model


async def draft(model: RunningModel, text: str, key: str, **options: object) -> Answer:
    return await model.ask(model.prompt(text), max_tokens=12, sampling=GREEDY, cache_key=key, **options)


async def test_the_next_message_costs_only_itself_and_the_text_is_the_same(recurrent: RunningModel):
    first = TALK + ASKS
    later = TALK + "Them: bring a towel\n" + ASKS
    await draft(recurrent, first, "grown")

    second = await draft(recurrent, later, "grown")

    assert second.ends[0].cached_tokens == len(recurrent.prompt(first)) - 16
    fresh = await draft(recurrent, later, "never seen")
    assert fresh.ends[0].cached_tokens == 0
    assert second.text == fresh.text


async def test_the_same_draft_again_prefills_one_token(recurrent: RunningModel):
    prompt = TALK + ASKS
    drafts = [await draft(recurrent, prompt, "again") for _ in range(3)]

    assert [one.ends[0].cached_tokens for one in drafts] == [
        0,
        len(recurrent.prompt(prompt)) - 1,
        len(recurrent.prompt(prompt)) - 1,
    ]
    assert drafts[0].text == drafts[1].text == drafts[2].text


async def test_a_draft_continues_a_prefill(recurrent: RunningModel):
    prompt = TALK + "Them: and cake\n" + ASKS
    await recurrent.ask(recurrent.prompt(prompt), prefill_only=True, cache_key="ahead")

    answer = await draft(recurrent, prompt, "ahead")

    assert answer.ends[0].cached_tokens == len(recurrent.prompt(prompt)) - 1
    assert answer.text == (await draft(recurrent, prompt, "not ahead")).text


async def test_suggestions_begin_from_a_mark_too(recurrent: RunningModel):
    await draft(recurrent, TALK + ASKS, "several")
    later = TALK + "Them: at nine\n" + ASKS

    answer = await draft(recurrent, later, "several", suggestions=3)

    assert answer.ends[0].cached_tokens > 0
    assert set(answer.texts.values()) == {(await draft(recurrent, later, "several afresh")).text}


async def test_without_memory_for_marks_it_replays_all_and_says_the_same(
    forgetful: RunningModel, recurrent: RunningModel
):
    later = TALK + "Them: bring a towel\n" + ASKS
    await draft(forgetful, TALK + ASKS, "talk")

    second = await draft(forgetful, later, "talk")

    assert second.ends[0].cached_tokens == 0
    assert second.text == (await draft(recurrent, later, "elsewhere")).text


async def test_other_drafts_beside_it_change_nothing(recurrent: RunningModel):
    prompts = [TALK + f"Them: number {number}\n" + ASKS for number in range(6)]
    alone = [(await draft(recurrent, prompt, f"alone {number}")).text for number, prompt in enumerate(prompts)]

    together = await asyncio.gather(
        *(draft(recurrent, prompt, f"with {number}") for number, prompt in enumerate(prompts))
    )

    assert [answer.text for answer in together] == alone
    assert len(set(alone)) > 1
