"""The variables of inference_svc that say where the workers are."""

import sys

import pytest

from inference_svc.settings import InferenceSettings


@pytest.fixture
def variables(monkeypatch):
    for field in InferenceSettings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    monkeypatch.setenv("ASSISTANT_INTERNAL_KEY", "an internal key of more than 32 characters")
    monkeypatch.setattr(sys, "argv", ["inference_svc"])
    return monkeypatch


@pytest.mark.parametrize(
    ("said", "addresses"),
    [
        (None, ("127.0.0.1:50055",)),
        ("gpu.example:50055", ("gpu.example:50055",)),
        ("one.example:50055, two.example:50055,", ("one.example:50055", "two.example:50055")),
        ("", ()),
    ],
)
def test_workers_are_named_by_their_addresses(variables, said, addresses):
    if said is not None:
        variables.setenv("ML_SERVICE_URL", said)

    assert InferenceSettings.load().worker_addresses == addresses


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"ML_SERVICE_URL": "one.example:50055,two.example"}, "should match pattern"),
        ({"ML_SERVICE_URL": "", "ML_SERVICE_REDIS_ENABLED": "false"}, "must name a worker"),
    ],
)
def test_what_names_no_worker_is_an_error_that_names_the_variable(variables, capsys, environment, why):
    for name, value in environment.items():
        variables.setenv(name, value)

    with pytest.raises(SystemExit):
        InferenceSettings.load()

    said = capsys.readouterr().err
    assert said.startswith("ML_SERVICE_URL")
    assert why in said
