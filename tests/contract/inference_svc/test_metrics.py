"""What inference_svc counts of drafts and jobs, and how it is shown."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from assistant.inference.v1 import responses_pb2 as pb
from prometheus_client import REGISTRY

from inference_svc import metrics
from inference_svc.jobs.runner import JobIntervals
from inference_svc.wiring import Intervals
from svc_kit.redis_client import redis_from_url
from tests.contract.inference_svc.product import Product, running_neighbours, running_product
from tests.contract.inference_svc.refusal import broken
from tests.contract.inference_svc.scripted import done, queued, reply, token
from tests.deadline import eventually

DASHBOARD = Path(__file__).parents[3] / "deploy" / "grafana" / "inference.json"
BRISK = Intervals(jobs=JobIntervals(look=0.05, pause=0.02, upkeep=0.05))


@pytest.fixture
async def product(schema, valkey) -> AsyncIterator[Product]:
    url = f"{valkey}/9"
    async with (
        running_neighbours() as neighbours,
        running_product(schema, url, neighbours, intervals=BRISK, jobs_at_once=1) as product,
    ):
        yield product
    async with redis_from_url(url) as redis:
        await redis.flushdb()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"assistant_inference_{name}", labels) or 0


def drafts(outcome: str) -> float:
    return value("drafts_ended_total", outcome=outcome)


def jobs(outcome: str) -> float:
    return value("jobs_ended_total", outcome=outcome)


async def test_drafts_are_counted_by_how_they_end_and_looks_into_the_cache(product):
    said = product.say("Coming?")
    before = [drafts("completed"), drafts("cached"), value("cache_lookups_total", result="hit")]
    misses = value("cache_lookups_total", result="miss")

    for _ in range(2):
        await product.generate(message_id=said.newest)

    after = [drafts("completed"), drafts("cached"), value("cache_lookups_total", result="hit")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]
    assert value("cache_lookups_total", result="miss") == misses + 1


async def test_drafts_that_fail_or_are_left_are_counted(product):
    failed, cancelled = drafts("failed"), drafts("cancelled")
    product.worker.steps = [queued(), token("Ye")]
    request = pb.StreamResponseRequest(message_id=product.say("Coming?").newest)
    await broken(product.responses.StreamResponse(request, metadata=product.owner))

    product.worker.steps = [queued(), token("Ye"), asyncio.Event()]
    call = product.responses.StreamResponse(request, metadata=product.owner)
    await call.read()
    call.cancel()

    await eventually(lambda: (drafts("failed"), drafts("cancelled")) == (failed + 1, cancelled + 1))


async def test_jobs_are_counted_while_they_wait_and_run_and_when_they_end(product):
    gate = asyncio.Event()
    product.worker.steps = [queued(), gate, *reply("Yes")[1:]]
    before = [jobs("completed"), jobs("cancelled"), value("job_wait_seconds_count")]
    first, second = [await product.enqueue(message_id=product.say(text).newest) for text in ("one", "two")]

    await eventually(lambda: (value("jobs_running"), value("jobs_waiting")) == (1, 1))
    await product.cancel(second.job_id)
    gate.set()
    await product.ended(first.job_id)

    after = [jobs("completed"), jobs("cancelled"), value("job_wait_seconds_count")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]
    await eventually(lambda: (value("jobs_running"), value("jobs_waiting")) == (0, 0))


async def test_a_job_that_fails_is_counted_once(product):
    before = jobs("failed")
    product.worker.steps = [queued(), token(" "), done()]

    ended = await product.ended((await product.enqueue(message_id=product.say("Coming?").newest)).job_id)

    assert (ended.state, jobs("failed")) == (pb.JOB_STATE_FAILED, before + 1)


def test_the_dashboard_asks_for_what_is_counted_and_for_all_of_it():
    dashboard = json.loads(DASHBOARD.read_text())
    expressions = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    asked = set(re.findall(r"assistant_\w+", expressions))

    counted = {
        metrics.DRAFTS_ENDED: "_total",
        metrics.CACHE_LOOKUPS: "_total",
        metrics.JOBS_ENDED: "_total",
        metrics.JOB_WAIT_SECONDS: "_bucket",
        metrics.JOBS_WAITING: "",
        metrics.JOBS_RUNNING: "",
    }

    assert asked == {next(iter(metric.describe())).name + ending for metric, ending in counted.items()}
