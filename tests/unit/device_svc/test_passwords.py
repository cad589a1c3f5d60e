"""argon2id away from the event loop."""

import asyncio
from collections.abc import Iterator

import argon2
import pytest

from device_svc.crypto.passwords import Argon2Passwords
from svc_kit.errors import Overloaded

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords(CHEAP)
    yield made
    made.close()


async def test_a_password_matches_its_hash_only(passwords: Argon2Passwords):
    kept = await passwords.hashed("right")

    assert kept.startswith("$argon2id$")
    assert "right" not in kept
    assert await passwords.matches(kept, "right")
    assert not await passwords.matches(kept, "wrong")
    assert not await passwords.matches("not a hash", "right")


@pytest.mark.parametrize("password", ["", "nobody", "right"])
async def test_nobody_has_no_password(passwords: Argon2Passwords, password: str):
    assert not await passwords.matches(None, password)


async def test_a_hash_is_renewed_when_the_cost_was_raised(passwords: Argon2Passwords):
    kept = await passwords.hashed("right")
    dearer = Argon2Passwords(argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))

    renewed = await dearer.renewed(kept, "right")

    assert await passwords.renewed(kept, "right") is None
    assert renewed is not None
    assert await dearer.matches(renewed, "right")
    dearer.close()


async def test_too_many_at_once_are_sent_away(passwords: Argon2Passwords):
    kept = await passwords.hashed("right")

    answers = await asyncio.gather(*(passwords.matches(kept, "right") for _ in range(40)), return_exceptions=True)

    assert sum(answer is True for answer in answers) == 32
    assert sum(isinstance(answer, Overloaded) for answer in answers) == 8
    assert await passwords.matches(kept, "right")
