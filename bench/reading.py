"""Reading: from a chat.db to encoded requests, beside a bare SELECT of the same columns, with 100,000 and 1,000,000 messages.

python -m bench.reading [--sizes 100000 1000000] [--rounds 5]

Each size is read in a process of its own, as the agent's is, so that its memory can be told. Both ways read the same rows in
batches of the same size, in turn; the bare one fetches them and does nothing with them. Seconds are those of the processor,
since neither way waits for anything.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psutil

from agent.chatdb.connection import connect
from agent.chatdb.reader import ROWS_PER_BATCH, MessagesReader
from agent.chatdb.schema import Schema
from agent.collector import collect_rarely
from agent.sync.requests import requests_of
from bench.lively_chat_db import enliven
from bench.table import Row, print_table
from stack.demo_data.bulk import write_bulk_chat_db

SIZES = (100_000, 1_000_000)
ROUNDS = 5
CHATS = 60
MEMORY_LIMIT_MB = 150


@dataclass(frozen=True)
class Measured:
    """What a process found out about one database."""

    read_s: float
    bare_s: float
    memory_mb: float
    """At its highest, looked at after every batch."""


def run(sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> list[Row]:
    """Write the databases, and measure each."""
    with tempfile.TemporaryDirectory() as scratch:
        found = {}
        for size in sizes:
            path = Path(scratch) / f"{size}.db"
            write_bulk_chat_db(path, size, CHATS)
            found[size] = _measured_apart(path, rounds)
        enliven(path := Path(scratch) / f"{sizes[0]}.db")
        lively = _measured_apart(path, rounds)
    rows = [
        _speed(f"chat.db of {size:,} messages to encoded requests", size, one, "≥ 0.35") for size, one in found.items()
    ]
    rows.append(_speed(f"a lively chat.db of {sizes[0]:,} rows", sizes[0], lively))
    for size, one in found.items():
        name = f"memory of the process, {size:,} messages"
        rows.append(Row(name, one.memory_mb, "MB", f"{MEMORY_LIMIT_MB} MB", one.memory_mb / MEMORY_LIMIT_MB, "≤ 1"))
    first, last = found[sizes[0]].memory_mb, found[sizes[-1]].memory_mb
    return [*rows, Row("memory, most over fewest messages", last, "MB", f"{first:.0f} MB", last / first, "about 1")]


def _measured_apart(path: Path, rounds: int) -> Measured:
    command = [sys.executable, "-m", "bench.reading", "--measure", str(path), "--rounds", str(rounds)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Measured(**json.loads(output))


def _speed(name: str, size: int, one: Measured, aim: str = "") -> Row:
    bare = f"bare SELECT {size / one.bare_s:,.0f}/s"
    return Row(name, size / one.read_s, "messages/s", bare, one.bare_s / one.read_s, aim)


def measure(path: Path, rounds: int) -> Measured:
    """Read the database both ways, in turn."""
    collect_rarely()
    process = psutil.Process()
    highest = 0

    def look() -> None:
        nonlocal highest
        highest = max(highest, process.memory_info().rss)

    reads, bares = [], []
    for _ in range(rounds):
        reads.append(_seconds(lambda: _read(path, look)))
        bares.append(_seconds(lambda: _select(path)))
    return Measured(median(reads), median(bares), highest / 1e6)


def _seconds(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _read(path: Path, look: Callable[[], None]) -> None:
    described: set[str] = set()
    with MessagesReader(path) as reader:
        for number, reading in enumerate(reader.readings(None, reader.last_rowid())):
            for request in requests_of(reading, described):
                request.SerializeToString()
            if number % 20 == 0:
                look()


def _select(path: Path) -> None:
    connection = connect(path)
    schema = Schema(connection, path)
    position = 0
    while rows := connection.execute(schema.messages_after, (position, sys.maxsize, ROWS_PER_BATCH)).fetchall():
        position = rows[-1][0]
    connection.close()


def main() -> None:
    """Measure one database for another process, or all for a person."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    arguments.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.measure:
        print(json.dumps(asdict(measure(asked.measure, asked.rounds))))
    else:
        print_table("Reading", run(asked.sizes, asked.rounds))


if __name__ == "__main__":
    main()
