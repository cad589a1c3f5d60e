"""The engine on the real model."""

import asyncio
import math
from pathlib import Path

from llama_worker.engine.events import FinishReason, Piece
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.request import GenerationRequest, Sampling
from llama_worker.llama.backend import ContextOptions
from prompting.prompt_part import PromptPart
from tests.deadline import eventually
from tests.integration.llama_worker.running import RunningModel, running_model

GREEDY = Sampling(temperature=0)
QUESTIONS = (
    "What is the capital of France?",
    "Name a colour.",
    "Are you coming tonight?",
    "How many days has a week?",
    "What do cats eat?",
    "Write one line about rain.",
    "Say hello in Spanish.",
    "Where is the sun?",
)


async def test_a_question_is_answered_token_by_token(smollm: RunningModel):
    answer = await smollm.ask(smollm.chat(QUESTIONS[0]), sampling=GREEDY)

    assert "Paris" in answer.text
    assert len(answer.pieces) > 3
    end = answer.ends[0]
    assert end.reason is FinishReason.STOP
    assert end.completion_tokens == len(answer.pieces)
    assert 0 < math.exp(end.mean_logprob) <= 1


async def test_eight_at_once_say_what_each_says_alone(smollm: RunningModel):
    async def ask(question: str) -> str:
        return (await smollm.ask(smollm.chat(question), max_tokens=6, sampling=GREEDY, deterministic=True)).text

    alone = [await ask(question) for question in QUESTIONS]
    at_once = await asyncio.gather(*map(ask, QUESTIONS))

    assert at_once == alone


async def test_eight_share_the_model_step_by_step(smollm: RunningModel):
    before = smollm.engine.steps

    answers = await asyncio.gather(*(smollm.ask(smollm.prompt(q), max_tokens=8) for q in QUESTIONS))

    written = sum(answer.ends[0].completion_tokens for answer in answers)
    assert all(answer.ends[0].reason in (FinishReason.STOP, FinishReason.LENGTH) for answer in answers)
    assert smollm.engine.steps - before < written


async def test_a_seed_repeats_and_zero_is_one(smollm: RunningModel):
    async def ask(seed: int) -> str:
        prompt = smollm.prompt("Once upon a time")
        sampling = Sampling(temperature=1.5, seed=seed)
        return (await smollm.ask(prompt, max_tokens=8, sampling=sampling, deterministic=True)).text

    assert await ask(0) == await ask(0)
    assert len({await ask(seed) for seed in range(4)}) > 1


async def test_suggestions_share_one_prefill(smollm: RunningModel):
    before = smollm.engine.steps

    answer = await smollm.ask(
        smollm.prompt("The best thing about spring is"), max_tokens=12, suggestions=4, sampling=Sampling(1.2, seed=7)
    )

    assert sorted(answer.texts) == [0, 1, 2, 3]
    assert len(set(answer.texts.values())) > 1
    assert [end.last for end in answer.ends] == [False, False, False, True]
    assert smollm.engine.steps - before <= 12


async def test_a_greedy_suggestion_is_the_same_in_every_sequence(smollm: RunningModel):
    answer = await smollm.ask(
        smollm.prompt("The best thing about spring is"), max_tokens=8, suggestions=3, sampling=GREEDY
    )

    assert len(set(answer.texts.values())) == 1


async def test_a_hang_up_frees_the_sequence_within_one_step(smollm: RunningModel):
    request = GenerationRequest(smollm.prompt("Count: one two three"), max_tokens=900)
    async with smollm.engine.submit(request) as events:
        async for event in events:
            if isinstance(event, Piece):
                break
        at_hang_up = smollm.engine.steps
    await eventually(lambda: smollm.engine.running == 0)

    # One step may run at the hang-up, and one more may have been begun before the engine knew of it.
    assert smollm.engine.steps <= at_hang_up + 2


async def test_a_hang_up_stops_the_prefill_of_a_long_prompt(smollm: RunningModel):
    before = smollm.engine.steps
    stream = smollm.engine.submit(GenerationRequest(smollm.prompt("word " * 800), max_tokens=10))
    await eventually(lambda: smollm.engine.steps > before)

    stream.cancel()
    await eventually(lambda: smollm.engine.running == 0)

    assert smollm.engine.steps <= before + 3


async def test_a_stop_is_never_sent(smollm: RunningModel):
    prompt = smollm.prompt("Them: Hi\nMe: Hello\nThem: How are you?\nMe:")

    answer = await smollm.ask(prompt, max_tokens=60, stops=("\n",), sampling=Sampling(seed=1))

    assert "\n" not in answer.text


async def test_emoji_come_whole(smollm: RunningModel):
    prompt = smollm.prompt("Repeat: 🎉🥳🎂🎈 🎉🥳🎂🎈 🎉🥳🎂🎈 🎉🥳")

    answer = await smollm.ask(prompt, max_tokens=24, sampling=Sampling(temperature=0, repeat_penalty=1.0))

    assert any(ord(character) > 0xFFFF for character in answer.text)
    assert "\N{REPLACEMENT CHARACTER}" not in answer.text


async def test_what_people_write_is_never_a_control_token(smollm: RunningModel):
    control = smollm.vocabulary.prompt([PromptPart("<|im_end|>", special=True)])

    assert len(control) == 1
    assert control[0] not in smollm.chat("<|im_end|>")[3:-6]
    assert smollm.vocabulary.count(["<|im_end|>"])[0] > 1


async def test_counting_is_by_text(smollm: RunningModel):
    counts = smollm.vocabulary.count(["", "hello", "hello " * 10])

    assert counts[0] == 0
    assert counts[1] == 1
    assert counts[2] >= 10


async def test_a_pool_too_small_for_all_serves_them_one_after_another(model_path: Path):
    options = ContextOptions(sequences=4, context_size=256, pool_size=256, threads=2)
    async with running_model(model_path, options) as model:
        prompts = [model.prompt(f"The number {number} is") for number in range(3)]

        answers = await asyncio.gather(*(model.ask(prompt, max_tokens=120, sampling=_endless()) for prompt in prompts))

    assert all(answer.ends[0].reason in (FinishReason.STOP, FinishReason.LENGTH) for answer in answers)
    assert sum(answer.ends[0].completion_tokens for answer in answers) > 256


def _endless() -> Sampling:
    """Hot enough that the model hardly ever ends."""
    return Sampling(temperature=2.0, top_k=1000, top_p=1.0, min_p=0.0, seed=5)


CONVERSATION = "Them: Are you coming tonight?\nMe: Yes, at eight.\nThem: Great. Shall I bring something?\n" * 6


async def test_the_kv_cache_changes_no_text(smollm: RunningModel):
    first, grown = CONVERSATION + "Me:", CONVERSATION + "Me: Some bread.\nThem: White or dark?\nMe:"

    async def ask(text: str, key: str) -> tuple[str, int]:
        answer = await smollm.ask(smollm.prompt(text), max_tokens=16, sampling=GREEDY, cache_key=key)
        return answer.text, answer.ends[0].cached_tokens

    cold = [await ask(text, key) for text, key in ((first, "a"), (grown, "b"))]
    warm = [await ask(text, "c") for text in (first, first, grown)]

    assert [text for text, _ in warm] == [cold[0][0], cold[0][0], cold[1][0]]
    assert cold[1][1] == warm[0][1] == 0
    assert warm[1][1] == len(smollm.prompt(first)) - 1
    assert warm[2][1] > 0.9 * len(smollm.prompt(first))


async def test_after_a_prefill_the_first_token_costs_one_step(smollm: RunningModel):
    prompt = smollm.prompt("(read ahead)\n" + CONVERSATION + "Me:")
    await smollm.ask(prompt, prefill_only=True, cache_key="ahead")
    before = smollm.engine.steps

    answer = await smollm.ask(prompt, max_tokens=4, sampling=GREEDY, cache_key="ahead")

    assert answer.ends[0].cached_tokens == len(prompt) - 1
    assert smollm.engine.steps - before == answer.ends[0].completion_tokens


async def test_more_conversations_than_sequences_come_back_from_the_hosts_memory(model_path: Path):
    options = ContextOptions(sequences=2, context_size=512, pool_size=512, threads=2)
    async with running_model(model_path, options, EngineOptions(spill_bytes=100_000_000)) as model:
        prompts = [model.prompt(f"({number})\n{CONVERSATION}Me:") for number in range(5)]

        async def ask(number: int) -> tuple[str, int]:
            answer = await model.ask(prompts[number], max_tokens=8, sampling=GREEDY, cache_key=str(number))
            return answer.text, answer.ends[0].cached_tokens

        cold = [await ask(number) for number in range(5)]
        warm = [await ask(number) for number in range(5)]

    assert [text for text, _ in warm] == [text for text, _ in cold]
    assert [cached for _, cached in warm] == [len(prompt) - 1 for prompt in prompts]
