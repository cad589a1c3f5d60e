"""The operator's variables."""

import re

import pytest

from stack.checkout import ROOT
from stack.errors import StackError
from stack.plan.child_environment import COMMON, INFERENCE, MODELS, WORKER, child_environment
from stack.settings import DEMO_MODEL, StackSettings, load_settings, model_choice


@pytest.fixture
def variables(monkeypatch):
    for field in StackSettings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PORT", "none"),
        ("REDIS_URL", "localhost:6380"),
        ("REDIS_URL", "redis://:pass/word@localhost:6380"),
        ("ML_SERVICE_URL", "localhost"),
        ("ML_SERVICE_URL", "one.example:50055,two.example"),
        ("ML_SERVICE_URL", "localhost:70000"),
        ("ML_SERVICE_WORKERS", "0"),
        ("ASSISTANT_OWNER_PASSWORD", "short"),
        ("ASSISTANT_PUBLIC_URL", "example.org"),
    ],
)
def test_a_wrong_variable_is_named(variables, name, value):
    variables.setenv(name, value)

    with pytest.raises(StackError, match=f"^{name}: ") as error:
        load_settings()
    assert value not in str(error.value)


def test_without_variables_nothing_is_external(variables):
    settings = load_settings()

    assert settings.external_database is None
    assert settings.redis_url.get_secret_value() == ""
    assert settings.worker_addresses == ()


def test_origins_are_separated_by_commas(variables):
    variables.setenv("ASSISTANT_CORS_ORIGINS", "https://a.example, https://b.example,")

    assert load_settings().allowed_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("environment", "demo", "choice"),
    [
        ({}, True, {"ML_SERVICE_MODEL_ID": DEMO_MODEL}),
        ({}, False, {}),
        ({"ML_SERVICE_MODEL_ID": "phi-2"}, True, {"ML_SERVICE_MODEL_ID": "phi-2"}),
        ({"ML_SERVICE_MODEL_PATH": "/m.gguf"}, True, {"ML_SERVICE_MODEL_PATH": "/m.gguf"}),
    ],
)
def test_the_demo_has_a_model_unless_the_operator_chose_one(environment, demo, choice):
    assert model_choice(environment, demo=demo) == choice


def test_a_child_sees_nothing_it_does_not_need():
    operators = {
        "PATH": "/bin",
        "LANG": "C",
        "AWS_SECRET_ACCESS_KEY": "x",
        "DB_PASSWORD": "x",
        "CUDA_VISIBLE_DEVICES": "0",
    }

    assert set(child_environment(operators)) == {"PATH", "LANG", "PYTHONUNBUFFERED", "PYTHONPATH"}
    assert "CUDA_VISIBLE_DEVICES" in child_environment(operators, WORKER)
    assert "DB_PASSWORD" not in child_environment(operators, WORKER)
    assert "DB_PASSWORD" not in child_environment(operators, MODELS)


def test_only_what_downloads_knows_the_token():
    operators = {"HF_TOKEN": "x", "HF_ENDPOINT": "https://mirror.example", "https_proxy": "http://proxy.example"}

    assert operators.items() <= child_environment(operators, MODELS).items()
    assert not operators.keys() & child_environment(operators, WORKER).keys()


def test_the_example_lists_every_variable_that_chooses_what_is_started():
    listed = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert {str(field.validation_alias) for field in StackSettings.model_fields.values()} <= listed
    passed_on = [name for name in listed if name.startswith("ML_SERVICE_") and name != "ML_SERVICE_URL"]
    assert all(WORKER.match(name) or INFERENCE.match(name) for name in passed_on)
    assert not [name for name in listed if COMMON.match(name)]
