"""Which drafts are the same."""

from dataclasses import replace
from uuid import UUID

from inference_svc.drafting.domain.adapter import Adapter
from inference_svc.drafting.domain.cache_key import cache_key
from inference_svc.drafting.domain.draft_request import Sampling
from inference_svc.drafting.domain.model import ModelStatus
from prompting.prompt import Prompt
from prompting.prompt_part import PromptPart
from svc_kit.model_state import ModelState

ACCOUNT = UUID(int=1)
MODEL = ModelStatus(ModelState.READY, model_id="m", sha256="ab" * 32)
PROMPT = Prompt((PromptPart("Them: Hi\nMe:"),), ("\n\n",), "transcript-1")
SAMPLING = Sampling()
VOICE = Adapter("1", "Evening", "/adapters/1.gguf", "ee" * 32)


def test_the_same_wish_has_the_same_key():
    assert cache_key(ACCOUNT, MODEL, None, PROMPT, SAMPLING, 1) == cache_key(
        ACCOUNT, MODEL, None, PROMPT, Sampling(), 1
    )


def test_how_busy_the_model_is_does_not_matter():
    assert cache_key(ACCOUNT, MODEL, None, PROMPT, SAMPLING, 1) == cache_key(
        ACCOUNT, replace(MODEL, running=3), None, PROMPT, SAMPLING, 1
    )


def test_whatever_determines_the_text_makes_another_key():
    keys = [
        cache_key(ACCOUNT, MODEL, None, PROMPT, SAMPLING, 1),
        cache_key(UUID(int=2), MODEL, None, PROMPT, SAMPLING, 1),
        cache_key(ACCOUNT, replace(MODEL, sha256="cd" * 32), None, PROMPT, SAMPLING, 1),
        cache_key(ACCOUNT, MODEL, VOICE, PROMPT, SAMPLING, 1),
        cache_key(ACCOUNT, MODEL, replace(VOICE, sha256="ff" * 32), PROMPT, SAMPLING, 1),
        cache_key(ACCOUNT, MODEL, replace(VOICE, scale=0.5), PROMPT, SAMPLING, 1),
        cache_key(ACCOUNT, MODEL, None, replace(PROMPT, parts=(PromptPart("Them: Ho\nMe:"),)), SAMPLING, 1),
        cache_key(
            ACCOUNT, MODEL, None, replace(PROMPT, parts=(PromptPart("Them: Hi\nMe:", special=True),)), SAMPLING, 1
        ),
        cache_key(ACCOUNT, MODEL, None, replace(PROMPT, stops=()), SAMPLING, 1),
        cache_key(ACCOUNT, MODEL, None, replace(PROMPT, template_id="transcript-2"), SAMPLING, 1),
        cache_key(ACCOUNT, MODEL, None, PROMPT, SAMPLING, 2),
        *[
            cache_key(ACCOUNT, MODEL, None, PROMPT, replace(SAMPLING, **change), 1)
            for change in (
                {"temperature": 0.0},
                {"top_k": 1},
                {"top_p": 0.5},
                {"min_p": 0.0},
                {"repeat_penalty": 1.0},
                {"seed": 0},
                {"max_tokens": 1},
                {"deterministic": True},
            )
        ],
    ]

    assert len(set(keys)) == len(keys)


def test_a_key_holds_no_words():
    key = cache_key(ACCOUNT, MODEL, None, PROMPT, SAMPLING, 1)

    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")
