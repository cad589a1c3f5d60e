"""Texts that must have a form, on the real model."""

import json
from pathlib import Path

import pytest

from llama_worker.engine.events import FinishReason
from llama_worker.engine.request import Sampling
from llama_worker.llama.backend import ContextOptions
from svc_kit.errors import FailedPrecondition, InvalidInput
from tests.integration.llama_worker.running import RunningModel, running_model
from tests.random_model import write_model

YES_OR_NO = 'root ::= ("Yes" | "No") "."'
APPOINTMENT = json.dumps(
    {
        "type": "object",
        "properties": {
            "answer": {"enum": ["yes", "no", "later"]},
            "hour": {"type": "integer", "minimum": 0, "maximum": 23},
        },
        "required": ["answer", "hour"],
        "additionalProperties": False,
    }
)


@pytest.mark.parametrize("seed", range(4))
async def test_a_text_obeys_its_grammar_whatever_the_model_would_rather_say(smollm: RunningModel, seed: int):
    grammar = smollm.vocabulary.grammar(YES_OR_NO, "")
    sampling = Sampling(temperature=1.5, seed=seed, grammar=grammar)

    answer = await smollm.ask(smollm.prompt("Once upon a time"), sampling=sampling, suggestions=2)

    assert set(answer.texts.values()) <= {"Yes.", "No."}
    assert {end.reason for end in answer.ends} == {FinishReason.STOP}


async def test_a_text_obeys_a_json_schema(smollm: RunningModel):
    grammar = smollm.vocabulary.grammar("", APPOINTMENT)
    sampling = Sampling(temperature=1.0, seed=3, repeat_penalty=1.0, grammar=grammar)

    answer = await smollm.ask(smollm.chat("Shall we meet at eight? Answer in JSON."), max_tokens=60, sampling=sampling)

    found = json.loads(answer.text)
    assert found["answer"] in ("yes", "no", "later")
    assert 0 <= found["hour"] <= 23


@pytest.mark.parametrize("seed", range(4))
async def test_a_json_schemas_optional_parts_and_lengths_are_obeyed(smollm: RunningModel, seed: int):
    schema = {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 3}, "maxItems": 2},
            "code": {"type": "string", "pattern": "^[ab]{2,3}$"},
            "mood": {"$ref": "#/$defs/mood"},
        },
        "required": ["code"],
        "$defs": {"mood": {"enum": ["good", "bad"]}},
    }
    grammar = smollm.vocabulary.grammar("", json.dumps(schema))
    sampling = Sampling(temperature=1.5, seed=seed, repeat_penalty=1.0, grammar=grammar)

    answer = await smollm.ask(smollm.chat("Fill in the form, in JSON."), max_tokens=100, sampling=sampling)

    found = json.loads(answer.text)
    assert found["code"] in {first + second + third for first in "ab" for second in "ab" for third in ("", "a", "b")}
    assert found.get("mood", "good") in ("good", "bad")
    assert len(found.get("tags", [])) <= 2
    assert all(1 <= len(tag) <= 3 for tag in found.get("tags", []))
    assert found.keys() <= {"tags", "code", "mood"}


async def test_a_greedy_text_obeys_its_grammar_and_its_confidence_is_the_models_own(smollm: RunningModel):
    grammar = smollm.vocabulary.grammar('root ::= "zebra" [a-z]*', "")

    answer = await smollm.ask(smollm.prompt("Hello"), max_tokens=4, sampling=Sampling(temperature=0, grammar=grammar))

    assert answer.text.startswith("zebra")
    # It would have said something else, and says so.
    assert answer.ends[0].mean_logprob < -2


async def test_a_grammar_beside_others_changes_nothing_for_them(smollm: RunningModel):
    prompt = smollm.prompt("The best thing about spring is")
    alone = await smollm.ask(prompt, max_tokens=8, sampling=Sampling(temperature=0), deterministic=True)
    grammar = smollm.vocabulary.grammar(YES_OR_NO, "")
    await smollm.ask(prompt, sampling=Sampling(temperature=0, grammar=grammar))

    again = await smollm.ask(prompt, max_tokens=8, sampling=Sampling(temperature=0), deterministic=True)

    assert again.text == alone.text


@pytest.mark.parametrize(
    ("gbnf", "schema", "field", "why"),
    [
        ('root ::= ("a"', "", "sampling.grammar", "no GBNF grammar"),
        ('start ::= "a"', "", "sampling.grammar", "rule `root`"),
        ('root ::= root "a"', "", "sampling.grammar", "no GBNF grammar"),
        ('root ::= "a"{2001}', "", "sampling.grammar", "more than 2,000 times"),
        ('root ::= "' + "a" * 100 + '"{1000}', "", "sampling.grammar", "more than 50,000 elements"),
        ('root ::= "a"{' + " " * 19_980, "", "sampling.grammar", "no GBNF grammar"),
        ("root ::= " + "(" * 19_980, "", "sampling.grammar", "groups within each other"),
        ("root ::= ([a-z]?){1000}", "", "sampling.grammar", "4,096 ways"),
        ("", "{", "sampling.json_schema", "no JSON"),
        ("", "[]", "sampling.json_schema", "JSON object"),
        ("", '{"type": "string", "pattern": "^a{99999999}$"}', "sampling.json_schema", "patterns that repeat"),
        ("", '{"type": "colour"}', "sampling.json_schema", "cannot be made a grammar"),
        ("", '{"$ref": "https://example.com/schema"}', "sampling.json_schema", "cannot be made a grammar"),
        ("", '{"type": "array", "items": {}, "maxItems": 100000}', "sampling.json_schema", "maxItems"),
        ("", '{"a":' * 5000 + "1" + "}" * 5000, "sampling.json_schema", "cannot be made a grammar"),
        (YES_OR_NO, APPOINTMENT, "sampling.json_schema", "one of them"),
    ],
)
async def test_what_is_no_form_is_refused_by_its_field(
    smollm: RunningModel, gbnf: str, schema: str, field: str, why: str
):
    with pytest.raises(InvalidInput) as refused:
        smollm.vocabulary.grammar(gbnf, schema)

    assert refused.value.violations[0][0] == field
    assert why in refused.value.violations[0][1]


def test_no_form_is_none(smollm: RunningModel):
    assert smollm.vocabulary.grammar("", "") == ""


async def test_a_grammar_whose_ways_multiply_fails_and_keeps_nobody_else_waiting(tmp_path: Path):
    context = ContextOptions(sequences=2, context_size=256, pool_size=512, threads=1)
    async with running_model(write_model(tmp_path / "tiny.gguf"), context) as model:
        # Each letter may have to be followed by either of two others in the end.
        grammar = model.vocabulary.grammar('root ::= "x" root "y" | "x" root "z"', "")

        with pytest.raises(FailedPrecondition, match="multiply"):
            await model.ask(model.prompt("hello"), sampling=Sampling(grammar=grammar), max_tokens=100)

        assert (await model.ask(model.prompt("hello"), max_tokens=4)).ends
