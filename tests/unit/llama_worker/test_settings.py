"""The worker's variables: where it registers."""

import sys

import pytest

from llama_worker.settings import WorkerSettings

KEY = "an internal key of more than 32 characters"


@pytest.fixture
def variables(monkeypatch):
    for field in WorkerSettings.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    monkeypatch.setenv("ASSISTANT_INTERNAL_KEY", KEY)
    monkeypatch.setattr(sys, "argv", ["worker"])
    return monkeypatch


@pytest.mark.parametrize(
    ("given", "advertised"),
    [
        ({}, ""),
        ({"REDIS_URL": "redis://cache:6379"}, "127.0.0.1:50055"),
        ({"REDIS_URL": "redis://cache:6379", "WORKER_ADVERTISE": "gpu.example:50055"}, "gpu.example:50055"),
        ({"REDIS_URL": "redis://cache:6379", "ML_SERVICE_REDIS_ENABLED": "false"}, ""),
        (
            {
                "REDIS_URL": "redis://cache:6379",
                "WORKER_LISTEN": "0.0.0.0:50055",
                "WORKER_ADVERTISE": "gpu.example:50055",
            },
            "gpu.example:50055",
        ),
    ],
)
def test_it_registers_where_redis_is_at_the_address_that_others_reach_it_at(variables, given, advertised):
    for name, value in given.items():
        variables.setenv(name, value)

    assert WorkerSettings.load().advertise == advertised


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"WORKER_ADVERTISE": "gpu.example:50055"}, "needs REDIS_URL"),
        ({"WORKER_ADVERTISE": "gpu.example", "REDIS_URL": "redis://cache:6379"}, "should match pattern"),
        ({"WORKER_ADVERTISE": "gpu.example:70000", "REDIS_URL": "redis://cache:6379"}, "at most 65535"),
        ({"WORKER_LISTEN": "0.0.0.0:50055", "REDIS_URL": "redis://cache:6379"}, "since it listens everywhere"),
        ({"WORKER_LISTEN": "[::]:50055", "REDIS_URL": "redis://cache:6379"}, "since it listens everywhere"),
        ({"WORKER_LISTEN": "127.0.0.1:0", "REDIS_URL": "redis://cache:6379"}, "at a port of the system's choice"),
    ],
)
def test_an_unusable_address_is_an_error_that_names_the_variable(variables, capsys, given, why):
    for name, value in given.items():
        variables.setenv(name, value)

    with pytest.raises(SystemExit):
        WorkerSettings.load()

    said = capsys.readouterr().err
    assert said.startswith("WORKER_ADVERTISE: ")
    assert why in said
