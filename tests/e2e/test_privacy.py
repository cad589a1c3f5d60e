"""A canary text goes through sync, drafting and feedback, and turns up in no log, metric or Redis key."""

from __future__ import annotations

import httpx
import redis

from tests.e2e.product import Product

CANARY = "zanzibarquartz"


def test_message_text_reaches_no_log_metric_or_key(product: Product, owner: httpx.Client) -> None:
    token = product.device(owner, "canary-0001")
    send_through_everything(owner, token)

    places = [path for path in (product.data_dir / "logs").rglob("*") if path.is_file()]
    leaks = [path.name for path in [*places, product.output] if CANARY in path.read_text(errors="replace")]
    leaks += [f"metrics of {name}" for name, page in metrics(product).items() if CANARY in page]
    with redis.Redis.from_url(product.redis_url()) as client:
        keys: list[bytes] = client.keys()

    assert len(places) >= 8
    assert leaks == []
    assert any(key.startswith(b"conv-assistant:cache:") for key in keys)
    assert not any(CANARY.encode() in key for key in keys)


def send_through_everything(owner: httpx.Client, token: str) -> None:
    """Sync it, search for it, draft from it, fail on it, edit and reject with it."""
    device = {"authorization": f"Bearer {token}"}
    batch = {
        "conversationId": "iMessage;-;canary@example.com",
        "displayName": f"Canary {CANARY}",
        "messages": [message(1, f"Bring the {CANARY} please"), message(2, f"And the {CANARY}\x00 lid")],
    }
    answer = owner.post("/api/sync/messages", json=batch, headers=device).raise_for_status().json()
    owner.get("/api/messages:search", params={"query": CANARY}).raise_for_status()
    bad = {**batch, "messages": [{**message(3, CANARY), "direction": "DIRECTION_UNSPECIFIED"}]}
    assert owner.post("/api/sync/messages", json=bad, headers=device).status_code == 400
    assert owner.post("/api/devices/approve", json={"code": CANARY}).status_code == 400
    for action in (
        {"action": "ACTION_REJECT", "rejectionReason": f"no {CANARY}"},
        # Last, since a rejected draft leaves the cache.
        {"action": "ACTION_EDIT", "editedResponse": f"The {CANARY} it is"},
    ):
        request = {
            "messageId": answer["messageIds"][0],
            "instruction": f"mention {CANARY}",
            "sampling": {"maxTokens": 12},
            "skipCache": "editedResponse" in action,
        }
        draft = owner.post("/api/responses/generate", json=request).raise_for_status().json()
        owner.post(f"/api/responses/{draft['responseId']}/action", json=action).raise_for_status()
        job = owner.post("/api/responses/generate/async", json={"request": request}).raise_for_status().json()["job"]
        owner.get(f"/api/responses/jobs/{job['jobId']}:watch").raise_for_status()


def message(number: int, text: str) -> dict[str, str]:
    return {
        "imessageGuid": f"canary-{number}",
        "senderId": "canary@example.com",
        "direction": "DIRECTION_INCOMING",
        "text": text,
        "sentAt": f"2026-02-01T10:0{number}:00Z",
    }


def metrics(product: Product) -> dict[str, str]:
    """The Prometheus page of every part that has one."""
    ports = product.metrics_ports
    return {name: httpx.get(f"http://127.0.0.1:{port}/metrics").text for name, port in ports.items()}


def test_logs_are_only_for_their_owner(product: Product) -> None:
    assert (product.data_dir / "logs").stat().st_mode & 0o077 == 0
