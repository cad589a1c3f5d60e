"""The doctor at a product that works: the real server over REST and gRPC, the real token, the demo's database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.product import Product

AGENT = Path(sys.executable).with_name("assistant-agent")


def test_nothing_is_wrong_where_all_is_well(product: Product, tmp_path: Path):
    demo = product.data_dir / "demo"

    done = subprocess.run(
        [
            *(AGENT, "doctor", "--json", "--server", product.url, "--token-file", demo / "agent-token.json"),
            *("--chat-db", demo / "chat.db"),
        ],
        env={**os.environ, "ASSISTANT_AGENT_HOME": str(demo / "agent"), "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    checks = {check["check"]: check for check in json.loads(done.stdout)["checks"]}
    assert {name: checks[name]["level"] for name in ("permission", "messages", "server", "clock", "token")} == {
        "permission": "ok",
        "messages": "ok",
        "server": "ok",
        "clock": "ok",
        "token": "ok",
    }
    assert done.returncode == 0, done.stdout


def test_what_pairing_kept_is_all_that_a_sync_needs(product: Product):
    demo = product.data_dir / "demo"

    done = subprocess.run(
        [AGENT, "sync", "--check", "--chat-db", demo / "chat.db"],
        env={**os.environ, "ASSISTANT_AGENT_HOME": str(demo / "agent")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert f'server = "{product.url}"' in (demo / "agent" / "agent.toml").read_text()
