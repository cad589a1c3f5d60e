"""Pairs the demo's agent as its owner would: starts `assistant-agent pair`, reads the digits, signs in, approves.

Run as a part of `assistant up --demo`. Everything goes through the public address; nothing is written behind the product's back.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from stack.demo_data import write_demo_address_book, write_demo_chat_db
from stack.launcher import tied_command

CODE = re.compile(r"^Code: (\d{6})$")
REFUSED = 5
TIMEOUT_SECONDS = 20.0


def main() -> int:
    """Pair unless the agent is paired already; return the exit status."""
    parser = argparse.ArgumentParser()
    for option in ("--server", "--token-file", "--chat-db", "--address-book"):
        parser.add_argument(option, required=True)
    options = parser.parse_args()
    server, token_file = options.server, Path(options.token_file)
    chat_db, address_book = Path(options.chat_db), Path(options.address_book)
    chat_db.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not chat_db.exists():
        write_demo_chat_db(chat_db, now=datetime.now(UTC))
    if not address_book.exists():
        write_demo_address_book(address_book)
    database = ["--chat-db", str(chat_db), "--address-book", str(address_book)]
    if token_file.exists() and _sync_once(server, token_file, database) == 0:
        return 0
    token_file.unlink(missing_ok=True)
    return _pair(server, token_file)


def _sync_once(server: str, token_file: Path, database: Sequence[str]) -> int:
    """The agent itself is the judge of its token: one for another address, an expired or a revoked one is of no use."""
    command = _agent("sync", "--server", server, "--token-file", str(token_file), *database, "--once")
    return subprocess.run(command, check=False).returncode


def _pair(server: str, token_file: Path) -> int:
    command = _agent("pair", "--server", server, "--token-file", str(token_file), "--name", "Demo Mac")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        for line in agent.stdout:
            found = CODE.match(line.strip())
            try:
                if found and not _approve(server, found[1]):
                    agent.terminate()
                    return REFUSED
            except httpx.HTTPError:
                agent.terminate()  # leaving `with` waits for it, and it would wait for its owner
                raise
        return agent.wait()


def _approve(server: str, code: str) -> bool:
    """Type the digits as the owner; False if the owner's password is not known here."""
    with httpx.Client(base_url=server, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        signed_in = client.post("/api/auth/signin", json={"password": os.environ["ASSISTANT_OWNER_PASSWORD"]})
        if signed_in.status_code == httpx.codes.UNAUTHORIZED:
            return False
        signed_in.raise_for_status()
        client.post("/api/devices/approve", json={"code": code}).raise_for_status()
        client.post("/api/auth/signout", json={}).raise_for_status()
    return True


def _agent(*arguments: str) -> Sequence[str]:
    return tied_command([sys.executable, "-m", "agent.cli", *arguments])


if __name__ == "__main__":
    sys.exit(main())
