"""No text of an exception, and so of nobody, gets into a log line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from svc_kit.logs import where

ROOT = Path(__file__).parents[3]
CANARY = "what somebody wrote"

PROGRAM = f"""
import asyncio, logging, structlog
from svc_kit.logs import configure_logs, where

configure_logs("test_svc")

def fail():
    raise ValueError({CANARY!r})

async def task():
    fail()

try:
    fail()
except ValueError as error:
    structlog.get_logger().error("it failed", **where(error))
    logging.getLogger("library").exception("a template %s", {CANARY!r})
    logging.getLogger("library").exception(f"formatted early: {{error}}")
    logging.getLogger("library").warning("with arguments %s", {CANARY!r})
logging.getLogger("library").info("not worth a line")

async def main():
    asyncio.create_task(task())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

asyncio.run(main())
"""


def test_an_error_is_its_type_and_its_places():
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            raise RuntimeError(CANARY) from error
    except RuntimeError as error:
        told = where(error)

    assert told["error"] == "builtins.RuntimeError"
    assert told["cause"]["error"] == "builtins.ValueError"
    assert any("test_logs.py" in place for place in told["at"])
    assert CANARY not in str(told)


def test_lines_are_json_without_the_text_of_any_error():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert CANARY not in done.stderr
    assert [line["event"] for line in lines] == [
        "it failed",
        "a template %s",
        "library error",
        "with arguments %s",
        "library error",
    ]
    assert {line["service"] for line in lines} == {"test_svc"}
    assert all("request_id" in line for line in lines[:1])
    assert lines[4]["error"] == "builtins.ValueError"
    assert done.stdout == ""
