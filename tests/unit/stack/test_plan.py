"""What is started, without starting it."""

import os

import pytest

from stack import services
from stack.credentials import load_credentials
from stack.data_directory import DataDirectory
from stack.plan.addresses import Addresses
from stack.plan.installation import Installation
from stack.plan.parts import all_parts
from stack.plan.workers import worker_environment
from stack.settings import StackSettings
from svc_kit.migrations import runner

PASSWORD = "the-owners-password"


@pytest.fixture
def directory(tmp_path):
    made = DataDirectory(tmp_path / "data")
    made.create()
    return made


def plan(directory, *, demo=False, environment=None, **settings):
    return Installation(
        directory,
        StackSettings.model_validate(settings),
        load_credentials(directory.secrets),
        Addresses.choose(settings.get("ML_SERVICE_WORKERS", 1)),
        environment or {},
        demo=demo,
        owner_password=PASSWORD,
    )


def parts_of(installation):
    return {part.name: part for part in all_parts(installation)}


def test_every_part_needs_only_parts_that_are_there(directory):
    parts = parts_of(plan(directory, demo=True))

    assert {need for part in parts.values() for need in part.needs} <= set(parts)


def test_no_two_parts_listen_on_the_same_port():
    chosen = Addresses.choose(3).as_json()
    workers = chosen.pop("workers")

    assert len(workers) == 3
    assert len({*chosen.values(), *workers}) == len(chosen) + 3


def test_the_ports_of_a_running_stack_are_read_from_its_state():
    chosen = Addresses.choose(2)

    assert Addresses.from_json(chosen.as_json() | {"envoy_admin_socket": "/run/envoy.sock"}) == chosen


def test_the_longest_way_to_stop_takes_at_most_ten_seconds(directory):
    parts = parts_of(plan(directory, demo=True))

    def seconds(name):
        dependants = [part.name for part in parts.values() if name in part.needs]
        # What runs once has ended when its dependants run.
        own = parts[name].stop_seconds if parts[name].check else 0
        return own + max(map(seconds, dependants), default=0)

    assert max(seconds(name) for name in parts) <= 10


def test_no_secret_is_in_a_command_line(directory):
    installation = plan(directory, demo=True)
    secrets = {*installation.credentials.values.values(), PASSWORD}
    # PostgreSQL's command asks for the user to run it as, the others are only words.
    commands = [" ".join(part.command()) for part in all_parts(installation) if part.command]

    assert not [secret for secret in secrets for command in commands if secret in command]


def test_no_secret_shows_when_a_part_is_printed(directory):
    installation = plan(directory, demo=True)
    secrets = {*installation.credentials.values.values(), PASSWORD}
    printed = repr([installation, all_parts(installation)])

    assert not [secret for secret in secrets if secret in printed]


def test_only_device_svc_and_the_pairing_know_the_owners_password(directory):
    parts = parts_of(plan(directory, demo=True))

    assert {name for name, part in parts.items() if PASSWORD in part.environment.values()} == {"device_svc", "pairing"}


def test_each_service_has_a_way_into_the_database_of_its_own(directory):
    parts = parts_of(plan(directory))
    services = [part for name, part in parts.items() if name.endswith("_svc")]

    assert {part.environment["DB_USER"] for part in services} == {
        "assistant_device",
        "assistant_sync",
        "assistant_inference",
        "assistant_training",
    }
    assert len({part.environment["DB_PASSWORD"] for part in services}) == 4


def test_what_the_operator_runs_is_watched_and_not_started(directory):
    external = {
        "DB_HOST": "db.example",
        "DB_PASSWORD": "x",
        "REDIS_URL": "redis://:x@cache.example:6379",
        "ML_SERVICE_URL": "gpu.example:50055",
    }
    parts = parts_of(plan(directory, **external))

    assert {name: part.named_by for name, part in parts.items() if part.command is None} == {
        "postgres": "DB_HOST",
        "valkey": "REDIS_URL",
        "worker": "ML_SERVICE_URL",
    }
    assert parts["valkey"].address == "cache.example:6379"
    assert parts["sync_svc"].environment["DB_HOST"] == "db.example"
    assert parts["inference_svc"].environment["ML_SERVICE_URL"] == "gpu.example:50055"


def test_the_services_are_those_of_the_migrations():
    assert services.SERVICES == runner.SERVICES
    assert [services.role_of(schema) for schema in runner.SERVICES] == [
        runner.role_of(schema) for schema in runner.SERVICES
    ]


def test_one_worker_is_called_so_and_has_all_of_the_machine(directory):
    worker = parts_of(plan(directory))["worker"]

    assert not worker.environment.keys() & {"ML_SERVICE_THREADS", "CUDA_VISIBLE_DEVICES"}
    assert worker.environment["REDIS_URL"]


def test_several_workers_have_names_and_addresses_of_their_own_and_inference_svc_knows_all(directory):
    parts = parts_of(plan(directory, ML_SERVICE_WORKERS=2))

    first, second = parts["worker 1"], parts["worker 2"]
    assert first.environment["WORKER_LISTEN"] == first.address != second.address
    assert parts["inference_svc"].environment["ML_SERVICE_URL"] == f"{first.address},{second.address}"
    assert "worker" not in parts


def test_several_workers_of_the_operators_are_watched_each(directory):
    parts = parts_of(plan(directory, ML_SERVICE_URL="one.example:50055, two.example:50055"))

    assert (parts["worker 1"].address, parts["worker 2"].address) == ("one.example:50055", "two.example:50055")
    assert parts["worker 2"].command is None


@pytest.mark.parametrize(
    ("chosen", "gpus", "dealt"),
    [
        ({}, 0, [None, None, None]),
        ({}, 3, ["0", "1", "2"]),
        ({}, 2, ["0", "1", "0"]),
        ({"CUDA_VISIBLE_DEVICES": "4, 6,7"}, 8, ["4", "6", "7"]),
        ({"CUDA_VISIBLE_DEVICES": "4"}, 8, ["4", "4", "4"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, 8, ["", "", ""]),
    ],
)
def test_gpus_are_dealt_out(directory, chosen, gpus, dealt):
    installation = plan(directory, environment=chosen, ML_SERVICE_WORKERS=3)
    environments = [worker_environment(installation, index, gpus) for index in range(3)]

    assert [environment.get("CUDA_VISIBLE_DEVICES") for environment in environments] == dealt


def test_threads_are_shared_unless_the_operator_says_how_many(directory):
    alone = worker_environment(plan(directory, ML_SERVICE_WORKERS=64), 0)
    said = worker_environment(plan(directory, environment={"ML_SERVICE_THREADS": "6"}, ML_SERVICE_WORKERS=2), 0)

    assert alone["ML_SERVICE_THREADS"] == str(max(1, len(os.sched_getaffinity(0)) // 64))
    assert said["ML_SERVICE_THREADS"] == "6"


def test_each_worker_shows_its_metrics_at_a_port_of_its_own(directory):
    installation = plan(directory, environment={"WORKER_METRICS_PORT": "9100"}, ML_SERVICE_WORKERS=2)

    assert [worker_environment(installation, index)["WORKER_METRICS_PORT"] for index in range(2)] == ["9100", "9101"]


def test_one_of_several_workers_may_fail_for_good(directory):
    parts = parts_of(plan(directory, ML_SERVICE_WORKERS=2))

    assert not parts["worker 1"].vital
    assert not parts["worker 2"].vital
    assert parts_of(plan(directory))["worker"].vital
