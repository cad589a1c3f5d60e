"""Every part is killed in turn, during a sync and during a draft: it comes back, nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from assistant.sync.v1 import messages_pb2, sync_pb2, sync_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from tests.e2e.product import Product, wait_until

PARTS = ["postgres", "valkey", "device_svc", "sync_svc", "inference_svc", "training_svc", "worker", "envoy"]
BATCHES, BATCH_SIZE = 20, 100
# What a client may see of a part that dies under its call; anything else would be a leak of the inside.
STANDARD_CODES = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED}


@pytest.mark.parametrize("part", PARTS)
def test_a_sync_survives_the_death_of(part: str, product: Product, owner: httpx.Client) -> None:
    token = product.device(owner, f"killed-sync-{part}")
    chat = f"iMessage;-;{part}@example.com"

    code = upload_until_killed(product, token, chat, part)
    product.wait_until_serving()
    wait_until(lambda: acknowledged(product, token) is not None, 30, "the sync state did not come back")
    kept = acknowledged(product, token) or 0
    # The agent goes on after what was acknowledged; to be sure that nothing is doubled, one batch goes twice.
    with channel(product) as opened:
        rest = batches(chat, first=max(kept - 1, 0))
        sync_pb2_grpc.SyncServiceStub(opened).SyncMessages(rest, metadata=bearer(token), timeout=60)

    stored = next(found for found in listed(owner) if found["imessageId"] == chat)
    assert code is None or code in STANDARD_CODES
    assert stored["messageCount"] == str(BATCHES * BATCH_SIZE)
    assert len(set(guids_of(owner, stored["conversationId"]))) == BATCHES * BATCH_SIZE


@pytest.mark.parametrize("part", PARTS)
def test_a_draft_ends_in_order_at_the_death_of(part: str, product: Product, owner: httpx.Client) -> None:
    conversation = next(found for found in listed(owner) if found.get("displayName") == "Sunday hike")
    request = {"conversationId": conversation["conversationId"], "skipCache": True, "sampling": {"maxTokens": 48}}

    ended = draft_until_killed(product, owner, request, part)
    product.wait_until_serving()
    # UNAVAILABLE (503) is what says "try again": a caller's connection to the new process may take another moment.
    wait_until(lambda: drafted(owner, request), 30, "no draft could be made after the part came back")
    wait_until(lambda: not generating(owner, conversation), 30, "a draft is still said to be in the making")

    # Either it went on (the part was not needed), or it ended with an error event, or the connection broke.
    assert ended in ("done", "error", "broken")


def upload_until_killed(product: Product, token: str, chat: str, part: str) -> grpc.StatusCode | None:
    """Upload; when half has been sent, kill the part. The code the client saw, None when all went well."""
    half, killed = threading.Event(), threading.Event()

    def paced() -> Iterator[sync_pb2.SyncMessagesRequest]:
        for number, batch in enumerate(batches(chat, first=0)):
            if number == BATCHES // 2:
                half.set()
                killed.wait(30)
            yield batch

    with channel(product) as opened:
        call = sync_pb2_grpc.SyncServiceStub(opened).SyncMessages.future(paced(), metadata=bearer(token), timeout=60)
        half.wait(30)
        os.kill(product.pid_of(part), signal.SIGKILL)
        killed.set()
        error = call.exception()
    return error.code() if isinstance(error, grpc.RpcError) else None


def draft_until_killed(product: Product, owner: httpx.Client, request: dict[str, Any], part: str) -> str:
    """Stream a draft; at the first token, kill the part. How the stream ended."""
    last = ""
    try:
        with owner.stream("POST", "/api/responses/stream", json=request) as answer:
            for line in answer.iter_lines():
                if not line.startswith("data: "):
                    continue
                event = json.loads(line.removeprefix("data: "))
                if "token" in event and last != "token":
                    os.kill(product.pid_of(part), signal.SIGKILL)
                last = next(iter(event))
    except httpx.HTTPError:
        return "broken"
    return last


def drafted(owner: httpx.Client, request: dict[str, Any]) -> bool:
    """Whether a short draft could be made."""
    answer = owner.post("/api/responses/generate", json={**request, "sampling": {"maxTokens": 8}})
    assert answer.status_code in (200, 503)
    return answer.status_code == 200


def batches(chat: str, first: int) -> Iterator[sync_pb2.SyncMessagesRequest]:
    """The upload from its `first` batch on; the cursor is the number of batches before the next."""
    for number in range(first, BATCHES):
        request = sync_pb2.SyncMessagesRequest(cursor=str(number + 1))
        request.conversations.add(conversation_id=chat)
        for index in range(number * BATCH_SIZE, (number + 1) * BATCH_SIZE):
            request.messages.add(
                imessage_guid=f"{chat}-{index}",
                conversation_id=chat,
                sender_id="someone@example.com",
                direction=messages_pb2.DIRECTION_INCOMING,
                text=f"Number {index}",
                sent_at=Timestamp(seconds=1_700_000_000 + index),
            )
        yield request


def acknowledged(product: Product, token: str) -> int | None:
    """How many batches the server says it has kept; None while it does not answer."""
    try:
        with channel(product) as opened:
            state = sync_pb2_grpc.SyncServiceStub(opened).GetSyncState(
                sync_pb2.GetSyncStateRequest(), metadata=bearer(token), timeout=5
            )
    except grpc.RpcError:
        return None
    return int(state.cursor or 0)


def listed(owner: httpx.Client) -> list[dict[str, Any]]:
    answer = owner.get("/api/conversations", params={"pageSize": 200}).raise_for_status().json()
    found: list[dict[str, Any]] = answer["conversations"]
    return found


def guids_of(owner: httpx.Client, conversation_id: str) -> list[str]:
    """The guids of all messages of a conversation, page by page."""
    guids: list[str] = []
    token = ""
    while True:
        page = (
            owner.get(f"/api/conversations/{conversation_id}/messages", params={"pageSize": 500, "pageToken": token})
            .raise_for_status()
            .json()
        )
        guids += [message["imessageGuid"] for message in page["messages"]]
        token = page.get("nextPageToken", "")
        if not token:
            return guids


def generating(owner: httpx.Client, conversation: dict[str, Any]) -> bool:
    """Whether any draft of the conversation is said to be in the making."""
    answer = owner.get(f"/api/conversations/{conversation['conversationId']}/responses")
    return any(
        draft["status"] == "RESPONSE_STATUS_GENERATING" for draft in answer.raise_for_status().json()["responses"]
    )


def channel(product: Product) -> grpc.Channel:
    return grpc.insecure_channel(f"127.0.0.1:{product.port}")


def bearer(token: str) -> tuple[tuple[str, str | bytes], ...]:
    return (("authorization", f"Bearer {token}"),)
