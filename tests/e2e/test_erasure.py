"""What the owner deletes, and what somebody unsends, is gone from every table, key, file and answer within seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import httpx
import pytest
import redis

from tests.e2e.product import Product, wait_until

SEEN_BY = ("/api/training/samples", "/api/training/samples:export", "/api/conversations")
SECONDS = 10.0


@pytest.fixture(scope="module")
def device(product: Product) -> Iterator[httpx.Client]:
    with product.owner() as owner:
        token = product.device(owner, "erasure-0001")
    with httpx.Client(base_url=product.url, timeout=60, headers={"authorization": f"Bearer {token}"}) as client:
        yield client


class Chat:
    """A conversation of three messages, of which the second one holds a canary; drafted in, acted on and queued in."""

    def __init__(self, owner: httpx.Client, device: httpx.Client) -> None:
        self.canary = f"ZQX{uuid4().hex[:12]}"
        self._key = uuid4().hex[:8]
        self._owner, self._device = owner, device
        told = [self.message(0, "Are you there?"), self.message(1, f"{self.canary} said so"), self.message(2, "Well?")]
        self.conversation_id, self.message_ids = self.deliver(told)
        self.responses = [self._draft() for _ in range(3)]
        self._act(0, {"action": "ACTION_ACCEPT"})
        self._act(1, {"action": "ACTION_EDIT", "editedResponse": f"{self.canary} edited"})
        self._act(2, {"action": "ACTION_REJECT", "rejectionReason": f"{self.canary} is wrong"})
        request = {"messageId": self.message_ids[2], "instruction": f"{self.canary} job", "sampling": {"maxTokens": 8}}
        queued = owner.post("/api/responses/generate/async", json={"request": request}).raise_for_status().json()
        owner.get(f"/api/responses/jobs/{queued['job']['jobId']}:watch").raise_for_status()

    def deliver(self, messages: list[dict[str, str]]) -> tuple[str, list[str]]:
        """Sync messages as the Mac does; the server's ids of the conversation and of them."""
        batch = {"conversationId": f"iMessage;-;erasure-{self._key}@example.com", "messages": messages}
        answer = self._device.post("/api/sync/messages", json=batch).raise_for_status().json()
        return answer["conversationId"], answer.get("messageIds", [])

    def message(self, number: int, text: str, **more: str) -> dict[str, str]:
        return {
            "imessageGuid": f"{self._key}-{number}",
            "senderId": f"erasure-{self._key}@example.com",
            "direction": "DIRECTION_INCOMING",
            "text": text,
            "sentAt": f"2026-02-01T10:0{number}:00Z",
            **more,
        }

    def _draft(self) -> str:
        request = {
            "messageId": self.message_ids[2],
            "instruction": f"mention {self.canary}",
            "sampling": {"maxTokens": 8},
            "skipCache": True,
        }
        return str(self._owner.post("/api/responses/generate", json=request).raise_for_status().json()["responseId"])

    def _act(self, number: int, action: dict[str, str]) -> None:
        self._owner.post(f"/api/responses/{self.responses[number]}/action", json=action).raise_for_status()


def test_a_deleted_conversation_is_gone_everywhere(product: Product, owner: httpx.Client, device: httpx.Client) -> None:
    chat = Chat(owner, device)
    assert places(product, owner, chat), "the canary is found while it is there"

    owner.delete(f"/api/conversations/{chat.conversation_id}").raise_for_status()

    expect_gone(product, owner, chat)
    assert owner.get(f"/api/responses/{chat.responses[0]}").status_code == 404


def test_an_unsent_message_is_gone_everywhere(product: Product, owner: httpx.Client, device: httpx.Client) -> None:
    chat = Chat(owner, device)

    chat.deliver([chat.message(1, "", unsentAt="2026-02-01T10:05:00Z", stateHash="9")])

    expect_gone(product, owner, chat)
    assert owner.get(f"/api/responses/{chat.responses[0]}").raise_for_status().json()["response"]["erased"] is True


def test_a_deleted_message_is_gone_everywhere(product: Product, owner: httpx.Client, device: httpx.Client) -> None:
    chat = Chat(owner, device)

    gone = {"imessageGuids": [chat.message(1, "")["imessageGuid"]]}
    device.post("/api/sync/messages:delete", json=gone).raise_for_status()

    expect_gone(product, owner, chat)
    shown = owner.get(f"/api/conversations/{chat.conversation_id}/messages").raise_for_status().json()["messages"]
    assert [message["text"] for message in shown] == ["Well?", "Are you there?"]


def expect_gone(product: Product, owner: httpx.Client, chat: Chat) -> None:
    found: list[str] = ["not looked yet"]

    def gone() -> bool:
        found[:] = places(product, owner, chat)
        return not found

    wait_until(gone, SECONDS, "the canary is left")
    assert found == []


def places(product: Product, owner: httpx.Client, chat: Chat) -> list[str]:
    """Where the canary is: tables, Redis, files, answers."""
    canary = chat.canary
    found = asyncio.run(tables_with(product, canary))
    with redis.Redis.from_url(product.redis_url()) as client:
        found += [
            key.decode(errors="replace") for key in client.scan_iter() if canary in f"{key!r}{value_of(client, key)}"
        ]
    for folder in ("logs", "valkey"):
        files = [path for path in (product.data_dir / folder).rglob("*") if path.is_file()]
        found += [path.name for path in files if canary.encode() in path.read_bytes()]
    paths = (
        *SEEN_BY,
        f"/api/conversations/{chat.conversation_id}/messages",
        f"/api/conversations/{chat.conversation_id}/responses",
        *(f"/api/responses/{response}" for response in chat.responses),
    )
    found += [path for path in paths if canary in owner.get(path).text]
    search = owner.get("/api/messages:search", params={"query": canary}).raise_for_status().json()
    return found + ["search"] * bool(search.get("results"))


async def tables_with(product: Product, canary: str) -> list[str]:
    """The tables in which a row holds the canary, whatever its account."""
    secrets = json.loads((product.data_dir / "secrets" / "credentials.json").read_text())
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=product.status()["addresses"]["postgres"],
        user="postgres",
        password=secrets["database_owner"],
        database="conversation_assistant",
    )
    try:
        tables = await connection.fetch(
            "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
            " WHERE schemaname IN ('device', 'sync', 'inference', 'training')"
        )
        query = "SELECT EXISTS (SELECT FROM {} AS row WHERE row::text LIKE $1)"
        return [one["name"] for one in tables if await connection.fetchval(query.format(one["name"]), f"%{canary}%")]
    finally:
        await connection.close()


def value_of(client: redis.Redis, key: bytes) -> object:
    """What a key holds, whatever its type."""
    match client.type(key):
        case b"string":
            return client.get(key)
        case b"hash":
            return client.hgetall(key)
        case b"zset":
            return client.zrange(key, 0, -1)
        case _:
            return client.dump(key)
