"""argon2id, in threads of its own: a hash takes tens of milliseconds and 64 MiB on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from svc_kit.errors import Overloaded

T = TypeVar("T")

_THREADS = 2
# Each waits for its turn; more than this many would wait longer than a person does.
_MAX_WAITING = 32


class Argon2Passwords:
    """Hashes and compares passwords. Make one per process; `close()` it at the end."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._waiting = 0
        # Somebody who does not exist has a password that nobody knows.
        self._nobody = self._hasher.hash("nobody")

    async def hashed(self, password: str) -> str:
        """The hash to keep. Raises Overloaded when too many are being made."""
        return await self._run(lambda: self._hasher.hash(password))

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; None takes the same work and is False. Raises Overloaded."""
        right = await self._run(lambda: self._verify(password_hash or self._nobody, password))
        return right and password_hash is not None

    async def renewed(self, password_hash: str, password: str) -> str | None:
        """A hash at today's cost when this one is weaker; else None."""
        if not self._hasher.check_needs_rehash(password_hash):
            return None
        return await self.hashed(password)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _MAX_WAITING:
            raise Overloaded("too many people sign in at this moment", retry_after=2.0)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
