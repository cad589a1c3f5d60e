"""device_svc as a process, and the operator's commands."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from assistant.device.v1 import auth_pb2, auth_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from typer.testing import CliRunner, Result

from device_svc import accounts
from stack.ports import free_port
from svc_kit.clients import channel_to
from tests.conftest import DatabaseAddress
from tests.deadline import eventually_answers
from tests.device_service import CODE_KEY, INTERNAL_KEY, PASSWORD, empty_device_tables, write_signing_key
from tests.grpc_errors import failure_of

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def environment(database: DatabaseAddress, tmp_path: Path) -> dict[str, str]:
    await empty_device_tables(database)
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
        **database.as_service("device").environment,
        "ASSISTANT_INTERNAL_KEY": INTERNAL_KEY,
        "ASSISTANT_CODE_KEY": CODE_KEY,
        "ASSISTANT_SIGNING_KEY_FILE": str(write_signing_key(tmp_path / "key.pem")),
        "DEVICE_SVC_LISTEN": f"127.0.0.1:{free_port()}",
    }


async def test_the_process_makes_the_first_account_and_serves_until_it_is_told_to_stop(environment: dict[str, str]):
    async with _process(environment | {"ASSISTANT_OWNER_PASSWORD": PASSWORD}) as process:
        async with channel_to(environment["DEVICE_SVC_LISTEN"]) as channel:
            await _serves(channel)
            answer = await auth_pb2_grpc.AuthServiceStub(channel).SignIn(auth_pb2.SignInRequest(password=PASSWORD))

        process.send_signal(signal.SIGTERM)
        status = await process.wait()

    assert answer.account.name == "owner"
    assert status == 0


async def test_a_password_in_the_environment_does_not_replace_the_owners(environment: dict[str, str]):
    await asyncio.to_thread(_accounts, environment, "ensure-owner", password="the first password")

    async with (
        _process(environment | {"ASSISTANT_OWNER_PASSWORD": "another password"}),
        channel_to(environment["DEVICE_SVC_LISTEN"]) as channel,
    ):
        await _serves(channel)
        stub = auth_pb2_grpc.AuthServiceStub(channel)
        await stub.SignIn(auth_pb2.SignInRequest(password="the first password"))
        await failure_of(stub.SignIn(auth_pb2.SignInRequest(password="another password")))


def test_print_config_masks_secrets(environment: dict[str, str]):
    done = _run(environment | {"ASSISTANT_OWNER_PASSWORD": PASSWORD}, "device_svc", "--print-config")

    config = json.loads(done.stdout)
    assert config["ASSISTANT_SIGNING_KEY_FILE"] == environment["ASSISTANT_SIGNING_KEY_FILE"]
    for secret in (INTERNAL_KEY, CODE_KEY, PASSWORD, environment["DB_PASSWORD"]):
        assert secret not in done.stdout


def test_what_is_missing_is_named(environment: dict[str, str]):
    del environment["ASSISTANT_CODE_KEY"]

    done = _run(environment | {"ASSISTANT_INTERNAL_KEY": "short"}, "device_svc")

    assert done.returncode == 2
    assert "ASSISTANT_CODE_KEY" in done.stderr
    assert "ASSISTANT_INTERNAL_KEY" in done.stderr
    assert "short" not in done.stderr.replace("too_short", "")


def test_a_key_that_others_can_read_is_refused(environment: dict[str, str]):
    key = Path(environment["ASSISTANT_SIGNING_KEY_FILE"])
    key.chmod(0o644)

    done = _run(environment, "device_svc")

    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        f"ASSISTANT_SIGNING_KEY_FILE: {key}: others may read this private key; run `chmod 600 {key}`"
    )


def test_the_public_keys_can_be_written_to_a_file(environment: dict[str, str], tmp_path: Path):
    target = tmp_path / "jwks.json"

    done = _run(environment, "device_svc.jwks", str(target))

    assert done.returncode == 0, done.stderr
    assert [key["alg"] for key in json.loads(target.read_text())["keys"]] == ["ES256"]
    assert '"d"' not in target.read_text()


def test_the_commands_run_as_a_module(environment: dict[str, str]):
    assert _run(environment, "device_svc.accounts", "list").returncode == 0


def test_ensure_owner_makes_the_first_account_only(environment: dict[str, str]):
    first = _accounts(environment, "ensure-owner", password=PASSWORD)
    again = _accounts(environment, "ensure-owner", password=PASSWORD)

    assert "account owner made" in first.stdout
    assert "already" in again.stdout
    assert len(_accounts(environment, "list").stdout.splitlines()) == 1
    assert PASSWORD not in first.stdout + first.stderr


def test_a_password_that_nobody_chose_is_made_and_told_once(environment: dict[str, str]):
    made = _accounts(environment, "add", "Ana")

    assert "account ana made" in made.stdout
    assert len(made.stdout.splitlines()[-1].removeprefix("password: ")) >= 16


@pytest.mark.parametrize(
    ("arguments", "password", "why"),
    [
        (("add", "ana"), PASSWORD, "there is already an account 'ana'"),
        (("add", "two words"), PASSWORD, "name: must be"),
        (("add", "ben"), "short", "password: must have"),
        (("reset-password", "ben"), PASSWORD, "there is no account 'ben'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    environment: dict[str, str], arguments: tuple[str, ...], password: str, why: str
):
    _accounts(environment, "add", "ana", password=PASSWORD)

    done = _accounts(environment, *arguments, password=password, status=1)

    assert done.stderr.startswith(why)
    assert len(done.stderr.splitlines()) == 1


def test_a_password_can_be_reset(environment: dict[str, str]):
    _accounts(environment, "add", "ana", password=PASSWORD)

    done = _accounts(environment, "reset-password", "ana", password="another password")

    assert done.stdout.strip() == "password of ana set, 0 session(s) ended"


def test_without_a_database_the_command_says_so(environment: dict[str, str]):
    done = _accounts(environment | {"DB_PORT": str(free_port())}, "list", status=1)

    assert done.stderr.strip() == "the database does not answer; try again in a moment"


def _accounts(environment: dict[str, str], *arguments: str, password: str | None = None, status: int = 0) -> Result:
    chosen = {"ASSISTANT_OWNER_PASSWORD": password} if password else {}
    done = CliRunner().invoke(accounts.app, arguments, env=environment | chosen)
    assert done.exit_code == status, done.output
    return done


async def _serves(channel: grpc.aio.Channel) -> None:
    """The port is open a moment before the first account is made."""
    stub = health_pb2_grpc.HealthStub(channel)

    async def serves() -> bool:
        answer = await stub.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=30)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    await eventually_answers(serves)


def _run(environment: dict[str, str], module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@asynccontextmanager
async def _process(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "device_svc", env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
