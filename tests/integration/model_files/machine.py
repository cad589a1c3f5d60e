"""A machine on which `assistant models` runs, as a process of its own."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from stack.checkout import GENERATED, ROOT
from tests.integration.model_files.fake_hub import PIECE, FakeHub

# What the library writes at a time.
WRITTEN_AT_ONCE = 10 * PIECE


@dataclass
class Pull:
    """A running `assistant models pull`."""

    process: asyncio.subprocess.Process
    output: bytearray
    reader: "asyncio.Task[None]"

    @property
    def text(self) -> str:
        return self.output.decode()

    async def end(self) -> int:
        async with asyncio.timeout(60):
            await self.reader
            return await self.process.wait()


@dataclass
class Machine:
    """A user with a model cache of their own."""

    home: Path
    hub: FakeHub

    @property
    def cache(self) -> Path:
        return self.home / "models"

    @property
    def file(self) -> Path:
        return self.cache / self.hub.file

    @property
    def partials(self) -> list[Path]:
        return list((self.cache / "partial").glob("*.part"))

    def has_begun(self) -> bool:
        """Whether the library has written what it writes at a time."""
        return [path.stat().st_size for path in self.partials] == [WRITTEN_AT_ONCE]

    async def start(self, *arguments: str, **variables: str) -> Pull:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": f"{ROOT}:{GENERATED}",
            "ASSISTANT_MODEL_CACHE": str(self.cache),
            "HF_ENDPOINT": self.hub.url,
            **variables,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "stack", "models", *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env=environment, cwd=self.home,
        )  # fmt: skip
        output = bytearray()
        return Pull(process, output, asyncio.create_task(_read(process, output)))

    async def run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        pull = await self.start(*arguments, **variables)
        return await pull.end(), pull.text


async def _read(process: asyncio.subprocess.Process, output: bytearray) -> None:
    assert process.stdout is not None
    while data := await process.stdout.read(4096):
        output += data
