"""The variables of inference_svc that say where the workers and Redis are."""

import sys

import pytest

from device_svc.settings import DeviceSettings
from inference_svc.settings import InferenceSettings
from llama_worker.settings import WorkerSettings
from svc_kit.settings import Settings


@pytest.fixture
def variables(monkeypatch):
    for settings in (DeviceSettings, InferenceSettings, WorkerSettings):
        for field in settings.model_fields.values():
            monkeypatch.delenv(str(field.validation_alias), raising=False)
    monkeypatch.setenv("ASSISTANT_INTERNAL_KEY", "an internal key of more than 32 characters")
    monkeypatch.setenv("ASSISTANT_SIGNING_KEY_FILE", "/nowhere")
    monkeypatch.setenv("ASSISTANT_CODE_KEY", "a code key that has more than 32 characters")
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
        ({"ML_SERVICE_URL": "one.example:50055,two.example:70000"}, "at most 65535"),
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


KNOW_REDIS: list[type[Settings]] = [DeviceSettings, InferenceSettings, WorkerSettings]


@pytest.mark.parametrize("settings", KNOW_REDIS)
@pytest.mark.parametrize(
    "url", ["cache:6379", "redis://cache:port", "redis://:pass/word@cache:6379", "redis://cache:70000"]
)
def test_where_redis_cannot_be_is_an_error_that_names_the_variable_and_not_the_value(variables, capsys, settings, url):
    variables.setenv("REDIS_URL", url)

    with pytest.raises(SystemExit):
        settings.load()

    said = capsys.readouterr().err
    assert said.startswith("REDIS_URL: ")
    assert "pass" not in said.replace("[:password@]", "")


@pytest.mark.parametrize("settings", KNOW_REDIS)
def test_the_password_of_redis_is_not_shown(variables, capsys, settings):
    variables.setenv("REDIS_URL", "redis://:rosebud@cache:6379")
    variables.setattr(sys, "argv", ["service", "--print-config"])

    with pytest.raises(SystemExit):
        settings.load()

    shown = capsys.readouterr().out
    assert "REDIS_URL" in shown
    assert "rosebud" not in shown
